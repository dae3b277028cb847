/**
 * Every note: what was read, left out, changed, clamped or assumed, with the numbers at hand, and what to do if it was
 * not meant. A note stops nothing, unless --strict asks for it. Sections are in the order of the packages.
 */
const table = {
  // data
  DDPM_NOTE_DATA_ENDINGS: {
    message: '{count} pictures below {path} are left out, because files of their kind are not read: {list}',
    remedy: 'Convert them to PNG (ImageMagick: magick mogrify -format png FILES), or remove them.',
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
  DDPM_NOTE_DATA_WARNED: {
    message:
      'the decoder complains of {count} of {of} images, which are taken as viewers show them, first {place}: {reason}',
    remedy: 'Look at them; write them anew, or remove them.',
  },
  DDPM_NOTE_DATA_TRANSPARENT: {
    message: '{count} of {of} images are transparent somewhere, which becomes white, first {place}',
    remedy: 'Put them on another ground if white is not meant.',
  },
  DDPM_NOTE_DATA_FRAMES: {
    message:
      '{count} of {of} images have several frames or pages, of which the first is taken, first {place} ({frames})',
    remedy: 'Write the others to files of their own if they are to count.',
  },
  DDPM_NOTE_DATA_CROPPED: {
    message:
      '{count} of {of} images are not square and lose {percent} % of their area on average to the crop, first {place}',
    remedy: 'Crop or pad them beforehand if what lies outside the centre matters.',
  },
  DDPM_NOTE_DATA_ENLARGED: {
    message:
      '{count} of {of} images are smaller than {size} pixels and are enlarged, first {place} ({width}x{height})',
    remedy: 'Lower data.size, or fetch larger images.',
  },
  DDPM_NOTE_DATA_DARK: {
    message: 'no pixel of the set is brighter than {brightest} of 255',
    remedy: 'Files of 16 bits or floats whose values use a part of the range look so: scale them beforehand.',
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
  // settings
  DDPM_NOTE_CHAIN_SHORT: {
    message:
      'the chain does not reach noise: alphasCumprod of the last of {numTimesteps} steps is {last}, and samples start from pure noise',
    remedy:
      'Raise diffusion.numTimesteps or diffusion.betaEnd, or take diffusion.betaSchedule: cosine, which reaches noise at any length.',
  },
  DDPM_NOTE_CHAIN_LONG: {
    message:
      '{useless} of the {numTimesteps} steps of the chain are noise alone: their alphasCumprod is below {least}',
    remedy: 'Lower diffusion.numTimesteps, or diffusion.betaEnd in proportion.',
  },
  DDPM_NOTE_WARMUP: {
    message:
      'the warm-up of {warmupSteps} steps is not over when the run of {steps} is: the learning rate gets to {reached} of {lr}',
    remedy: 'Lower optimizer.warmupSteps.',
  },
  DDPM_NOTE_SCHEDULE_ENDED: {
    message:
      'the {lrSchedule} schedule ends at step {scheduleSteps} of {steps}: the learning rate of the last {idle} steps is 0, and they change nothing',
    remedy: 'Set optimizer.scheduleSteps to train.steps.',
  },
  DDPM_NOTE_SCHEDULE_RISES: {
    message:
      'the schedule of {scheduleEpochs} epochs is at its lowest after {least}, and the learning rate rises again until the {epochs} epochs of the run are over',
    remedy: 'Raise optimizer.scheduleEpochs, or lower train.steps.',
  },
  DDPM_NOTE_AVERAGE: {
    message:
      'after {steps} steps the average ema-{decay} is {percent} % what the weights were after the first',
    remedy: 'Lower ema.decays, set ema.start to warmup or ramp, or sample with --weights raw.',
  },
  DDPM_NOTE_SAMPLE_STEPS: {
    message:
      'samples.sampleSteps {sampleSteps} is more than the chain has: grids are drawn in {numTimesteps}',
    remedy: 'Lower samples.sampleSteps.',
  },
  DDPM_NOTE_GRIDS_NONE: {
    message:
      'there will be no sample grid: the run of {steps} steps is over before samples.everySteps {everySteps}',
    remedy: 'Lower samples.everySteps; 0 asks for none.',
  },
  DDPM_NOTE_CHECKPOINT_EACH: {
    message:
      'checkpoint.everySteps is 1, and a step that ends while a checkpoint is still being written gets none',
    remedy: 'Raise checkpoint.everySteps until a checkpoint is written in less time than that.',
  },
  // sampling and figures
  DDPM_NOTE_SPACING: {
    message:
      'the first step of the chain is t = {t}, where alphasCumprod is {value}: images that are not noise yet are expected there, and noise is given',
    remedy: 'Use --spacing trailing or even.',
  },
  DDPM_NOTE_SAMPLER: {
    message: '{steps} ancestral steps with the variance fixedLarge give noisy images',
    remedy: 'Use --variance fixedSmall, or --sampler ddim.',
  },
  DDPM_NOTE_GUIDANCE: {
    message:
      'the model never saw an image without its label (diffusion.labelDropProb 0), so what guidance compares with was not trained',
    remedy: 'Sample without --guidance, or train with diffusion.labelDropProb 0.1.',
  },
  DDPM_NOTE_FID_RANK: {
    message:
      'the covariance of {name} has rank {rank} of {size}: of fewer images than features, the distance says little and falls as images are added',
    remedy: 'Take more images than features, and as many as what it is compared with took.',
  },
  DDPM_NOTE_BPD_TRAINED: {
    message: '{trained} of the {count} images are of those that the model was trained on',
    remedy: 'Measure images that it has not seen, with --split test.',
  },
} as const satisfies Record<string, { message: string; remedy: string }>;

export type NoteCode = keyof typeof table;

export const NOTES: Record<NoteCode, { message: string; remedy: string }> = table;
