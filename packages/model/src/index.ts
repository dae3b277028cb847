export type { UNetConfig } from './config.js';
export { joinParams, splitParams } from './flatParams.js';
export { initParams, uniformLimit } from './init.js';
export { parameterCount, unetParams, type Init, type ParamSpec } from './params.js';
export { attentionHeads, levelSizes } from './stages.js';
export { unet, type UNetOptions } from './unet.js';
export { validateUNetConfig } from './validate.js';
