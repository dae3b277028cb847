/** A network: images [B, H, W, C] and timesteps [B] to an output [B, H, W, C], or 2C if it learns the variance. */
export type DiffusionModel<T> = (xT: T, t: T) => T;
