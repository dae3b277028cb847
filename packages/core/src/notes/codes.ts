/**
 * Every note: what was read, left out, changed, clamped or assumed, with the numbers at hand, and what to do if it was
 * not meant. A note stops nothing, unless --strict asks for it. Sections are in the order of the packages.
 */
const table = {
  // data
  DDPM_NOTE_DATA_SKIPPED: {
    message: '{count} of {of} images cannot be read and are left out, first {place}: {reason}',
    remedy: 'Repair or remove them; data.onBadImage: refuse stops at the first.',
  },
  DDPM_NOTE_DATA_HELD_OUT: {
    message: '{heldOut} of {size} images ({percent} %) are held out and never trained on',
    remedy: 'Lower data.heldOut; 0 trains on all and measures no held-out loss.',
  },
} as const satisfies Record<string, { message: string; remedy: string }>;

export type NoteCode = keyof typeof table;

export const NOTES: Record<NoteCode, { message: string; remedy: string }> = table;
