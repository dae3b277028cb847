export { diffusionConfigOf, unetConfigOf } from './unetConfig.js';
