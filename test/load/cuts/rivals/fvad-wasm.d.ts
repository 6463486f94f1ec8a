/** WebRTC's detector, compiled; the package has no types of its own. */
declare module '@echogarden/fvad-wasm' {
  interface Library {
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _fvad_new(): number;
    _fvad_free(detector: number): void;
    /** 0, or -1 for what it does not know; modes are 0 to 3, the last the strictest. */
    _fvad_set_mode(detector: number, mode: number): number;
    _fvad_set_sample_rate(detector: number, sampleRate: number): number;
    /** 1 for speech, 0 for none, -1 for a frame of a wrong length. */
    _fvad_process(detector: number, samples: number, count: number): number;
  }
  const open: () => Promise<Library>;

  export = open;
}
