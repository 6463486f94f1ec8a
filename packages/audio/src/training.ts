/** What the networks are trained with: the figures that they judge by, computed by the code that asks them. */
export { describePlace, GAP_INPUTS, isLoud } from './gap/gap-inputs.ts';
export { GAP_NETWORK } from './gap/gap-network.ts';
export { BANDS, LevelHistory, LOOK_AHEAD, MEMORY_FRAMES } from './gap/level-history.ts';
export { logOdds, type Network } from './network/network.ts';
export { TEXTURE_FRAMES, TEXTURE_INPUTS, TextureFigures } from './texture/texture-figures.ts';
export { TEXTURE_NETWORK } from './texture/texture-network.ts';
export { HaarPyramid } from './vad/haar-pyramid.ts';
