type UploadType = 'chunked' | 'single' | 'stream';

/** What a client knows of the sessions that it feeds, by their upload URL. */
export class FileNumbers {
  readonly #types = new Map<string, UploadType>();
  readonly #next = new Map<string, number>();

  created(uploadUrl: string, type: UploadType): void {
    this.#types.set(uploadUrl, type);
  }

  /** Of a session from elsewhere, as its URL tells: streams have a path of their own, and pieces suit the others. */
  uploadType(uploadUrl: string): UploadType {
    const isStream = /^ws/.test(uploadUrl) || uploadUrl.includes('/stream/sessions/');
    return this.#types.get(uploadUrl) ?? (isStream ? 'stream' : 'chunked');
  }

  /** The number of the session's next file. */
  next(uploadUrl: string, given = this.#next.get(uploadUrl) ?? 0): number {
    this.#next.set(uploadUrl, given + 1);
    return given;
  }
}
