import { TEXTURE_FRAMES } from '../texture/texture-figures.ts';
import { TextureJudge } from '../texture/texture-judge.ts';
import { type Gap, GapChooser, type GapRule } from './gap-chooser.ts';
import { GapJudge } from './gap-judge.ts';
import { LevelHistory, LOOK_AHEAD, MEMORY_FRAMES } from './level-history.ts';
import { OddsWindow, SIDE_PLACES } from './odds-window.ts';

/** What may be speech is looked for every two seconds, so that each word is well inside of one look. */
const TEXTURE_HOP_FRAMES = TEXTURE_FRAMES / 2;
/** Log-odds of a place amid silence. */
const SILENT_ODDS = 12;

/** The judges of all tracks, which remember nothing from one question to the next. */
const GAPS = new GapJudge();
const TEXTURES = new TextureJudge();

/** Finds gaps in a track from the levels of its bands, frame by frame; frames are numbered from 0. */
export class GapFinder {
  readonly #history: LevelHistory;
  readonly #window = new OddsWindow();
  readonly #chooser: GapChooser;
  #quietFrames = 0;

  /** `rule.latest` is where the next segment has to start; the first `absent` bands of five are not there. */
  constructor(rule: GapRule, absent: number) {
    this.#history = new LevelHistory(MEMORY_FRAMES, absent);
    this.#chooser = new GapChooser({ ...rule, latest: rule.latest - LOOK_AHEAD - SIDE_PLACES });
  }

  /** Whether places could be found by such a rule: those of the last third of a second are not known. */
  static canMeet({ earliest, latest }: GapRule): boolean {
    return latest - earliest >= 2 * (LOOK_AHEAD + SIDE_PLACES);
  }

  /** Takes the energies of a frame and whether it can be heard. */
  push(energies: Float64Array, audible: boolean): void {
    const history = this.#history;
    history.push(energies);
    this.#quietFrames = audible ? 0 : this.#quietFrames + 1;
    const place = history.count - LOOK_AHEAD;
    if (place < this.#chooser.wanted - SIDE_PLACES) return;
    const isSilent = this.#quietFrames >= 2 * LOOK_AHEAD;
    this.#window.push(isSilent ? SILENT_ODDS : GAPS.judge(history));
    if (this.#known >= this.#chooser.wanted) this.#chooser.push(this.#known, this.#window.middle);
  }

  /** The next place to cut at that is known by now; the segment behind it starts there. */
  next(): Gap | undefined {
    return this.#chooser.next(this.#known);
  }

  /** Whether the frames [from, to), if they are remembered, may hold speech: any four seconds of them. */
  mayBeSpeech(from: number, to: number): boolean {
    const last = to - TEXTURE_FRAMES;
    if (last < from || this.#history.count - from > MEMORY_FRAMES) return true;
    for (let start = from; ; start = Math.min(last, start + TEXTURE_HOP_FRAMES)) {
      if (TEXTURES.mayBeSpeech(this.#history, start)) return true;
      if (start === last) return false;
    }
  }

  /** Starts a segment behind the last frame. */
  restart(): void {
    this.#chooser.restart(this.#history.count);
  }

  /** The last place of which enough is known to weigh it with its neighbours. */
  get #known(): number {
    return this.#history.count - LOOK_AHEAD - SIDE_PLACES;
  }
}
