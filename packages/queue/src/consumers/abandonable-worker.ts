import { Worker } from 'bullmq';

/** A BullMQ worker that can also be left behind while jobs run or Redis is away. */
export class AbandonableWorker<T> extends Worker<T> {
  /** Stops renewing locks and drops the connections at once; whatever ran is taken for stalled later. */
  async abandon(): Promise<void> {
    await this.pause(true);
    await this.lockManager.close();
    await this.backend.close(true);
  }
}
