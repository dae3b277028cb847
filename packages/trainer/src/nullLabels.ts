/** Labels as the network takes them: an image without one (below 0) gets the null label, which is `numClasses`. */
export function withNullLabels(labels: Int32Array, numClasses: number): Int32Array {
  return labels.some((label) => label < 0) ? labels.map((label) => (label < 0 ? numClasses : label)) : labels;
}
