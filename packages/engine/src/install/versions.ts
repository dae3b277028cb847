/** The tfjs whose addon is built; the package.json of this package pins it. */
export const TFJS_VERSION = '4.22.0';

/** What the wasm engine computes with: tfjs's kernels, and the version of those of ours that give other bits. */
export const WASM_VERSION = `${TFJS_VERSION}+kernels1`;

/** The TensorFlow that is fetched where none is named or found. */
export const TENSORFLOW_VERSION = '2.21.0';

/** The version of the operations in packages/engine/native (version.cc) that graphs are written for. */
export const OPERATIONS_VERSION = 3;

/** The newest Node-API level that the addon knows. */
export const NAPI_VERSION = 8;

/** The Python that a wheel is asked for; only its libraries are used, so any that TensorFlow is built for does. */
export const WHEEL_PYTHON = '3.12';

/** In words, for messages. */
export const ACCEPTED_TENSORFLOW = '2.15 to 2.21';

/** Whether the addon is known to run on this libtensorflow. */
export function isAcceptedTensorflow(version: string): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10));
  return major === 2 && minor! >= 15 && minor! <= 21;
}
