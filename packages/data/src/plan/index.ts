export { samplesAt } from './order.js';
export { epochOf, slotPosition, type BatchShape } from './slot.js';
