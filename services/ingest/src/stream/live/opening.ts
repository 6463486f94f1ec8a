import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { OpenedStream } from '@earshot/sessions';
import type { IntakeContext, Transport } from '../context/ports.ts';
import { createIntake, type Intake } from '../intake/intake.ts';
import type { Admission, LiveStreams } from './live-streams.ts';

/** What every way in needs: the intake's context, and the list of live streams. */
export interface StreamContext extends IntakeContext {
  readonly live: LiveStreams;
  /** Name of this node in leases. */
  readonly node: string;
}

/** A connection that its session has admitted. */
export interface OpenedIntake {
  readonly opened: OpenedStream;
  readonly intake: Intake;
  readonly admission: Admission;
}

/** Asks the session to take a connection; rejects with its refusal, and then nothing is left behind. */
export async function openIntake(
  context: StreamContext,
  ref: SessionRef,
  transport: Transport,
): Promise<OpenedIntake> {
  if (context.live.count >= context.limits.maxLiveStreams) {
    throw new EarshotError('service_unavailable', {
      message: 'This server feeds as many streams as it can.',
    });
  }
  const admission = context.live.admit(ref);
  try {
    const opened = await context.sessions.openStream(ref, context.node);
    context.metrics.streamOpened(transport);
    return { opened, intake: createIntake(context, { opened, transport, lease: admission }), admission };
  } catch (error) {
    admission.leave();
    throw error;
  }
}
