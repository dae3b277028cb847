/**
 * Every note: what was read, left out, changed, clamped or assumed, with the numbers at hand, and what to do if it was
 * not meant. A note stops nothing, unless --strict asks for it. Sections are in the order of the packages.
 */
const table = {
  // data
  DDPM_NOTE_DATA_ENDINGS: {
    message: '{count} pictures below {path} are left out, because files of their kind are not read: {list}',
    remedy: 'Convert them to PNG, or remove them.',
  },
  DDPM_NOTE_DATA_CLOSED: {
    message: '{count} folders cannot be looked into and are left out, first {place}: {reason}',
    remedy: 'Make them readable, or remove them.',
  },
  DDPM_NOTE_DATA_REPEATED: {
    message:
      '{count} links lead to images that are read under names of their own, first {place}; each is taken once',
    remedy: 'Remove the links.',
  },
  DDPM_NOTE_DATA_STRAYS: {
    message:
      '{count} images lie directly in {path} beside {folders} folders of images, so that folders are no classes',
    remedy: 'Move these images into folders if folders are classes.',
  },
  DDPM_NOTE_DATA_COMPRESSED: {
    message: 'beside the {ending} files in {path} are compressed ones, which are left out: {list}',
    remedy: 'Decompress or remove them.',
  },
  DDPM_NOTE_DATA_TAR_OPEN: {
    message: '{count} archives have no end mark, first {place}: members may be missing',
    remedy: 'Compare them with where they came from.',
  },
  DDPM_NOTE_DATA_TAR_BEHIND: {
    message: '{members} members of {place} are left out, because they lie behind its end mark',
    remedy: 'Write the archive anew if they belong to it.',
  },
  DDPM_NOTE_DATA_TAR_SECOND: {
    message: '{count} images are left out, because their sample has another image before them, first {place}',
    remedy: 'Give each image a name of its own up to the first dot.',
  },
  DDPM_NOTE_DATA_TEXT_LABELS: {
    message: 'the labels are text, taken for the names of {count} classes in byte order: {list}',
    remedy: 'Write whole numbers from 0 for another order.',
  },
  DDPM_NOTE_DATA_UNREADABLE_LABELS: {
    message: '{count} labels are neither numbers nor names and are left aside, first {first}',
    remedy: 'Mend them if they are to count.',
  },
  DDPM_NOTE_DATA_UNLABELLED: {
    message: '{count} of {size} images have no label',
    remedy: 'A model of classes learns of them only what it draws without a class.',
  },
  DDPM_NOTE_DATA_EMPTY_CLASSES: {
    message: '{count} of {of} classes have no image here: {list}',
    remedy: 'What is sampled of a class that was never trained is noise.',
  },
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
