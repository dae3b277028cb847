/**
 * Every error a user can meet. `exitCode`: 2 the input was wrong, 1 something failed at run time.
 * Messages name the place and end with the remedy. `isTransient`: time may mend it, so that a worker that ends with it is
 * started again and again. Sections are in the order of the packages.
 */
const table = {
  // core
  DDPM_ERR_LAYOUT_MISMATCH: {
    exitCode: 2,
    message: 'the parameter layouts differ: {detail}. Use the config that the weights were trained with.',
  },
  DDPM_ERR_STRICT: {
    exitCode: 2,
    message:
      '--strict refuses what was noted: {list} Change what is named, or accept what is meant so (--accept CODE).',
  },
  DDPM_ERR_NOTE_UNKNOWN: {
    exitCode: 2,
    message: '--accept {code}: there is no such note. packages/core/NOTES.md lists them.',
  },
  // config
  DDPM_ERR_CONFIG_MISSING: {
    exitCode: 2,
    message:
      'cannot read the config file {file} ({reason}). Give the path of a YAML file, e.g. configs/quickstart.yaml.',
  },
  DDPM_ERR_CONFIG_SYNTAX: { exitCode: 2, message: '{file}:{line}: not valid YAML: {detail}' },
  DDPM_ERR_CONFIG_TEXT: {
    exitCode: 2,
    message: '{place}: the value of {key} is not valid YAML: {detail}. Put text into quotes.',
  },
  DDPM_ERR_CONFIG_UNKNOWN_KEY: { exitCode: 2, message: '{place}: there is no setting {key}. {hint}' },
  DDPM_ERR_CONFIG_VALUE: { exitCode: 2, message: '{place}: {key} {must}, but it is {value}.' },
  DDPM_ERR_CONFIG_SET: {
    exitCode: 2,
    message: '--set {pair}: write path=value, e.g. --set train.steps=100.',
  },
  DDPM_ERR_BATCH: {
    exitCode: 2,
    message:
      'the batch cannot be cut into slots: batch.globalBatchSize {whole}, batch.numSlots {numSlots}, batch.slotBatchSize {slot}. globalBatchSize must be numSlots x slotBatchSize; leave one of the three out.',
  },
  DDPM_ERR_IDENTITY: {
    exitCode: 2,
    message:
      'this is another run than the one that would be resumed: {list}. Keep these settings, or start a new run in another directory (--name or --run-dir).',
  },
  // diffusion
  DDPM_ERR_DIFFUSION_TIMESTEPS: {
    exitCode: 2,
    message:
      'diffusion.numTimesteps is {numTimesteps}, but the schedule {schedule} needs an integer of at least {least}. Raise it (1000 is usual).',
  },
  DDPM_ERR_DIFFUSION_BETAS: {
    exitCode: 2,
    message:
      'the schedule {schedule} gives beta {beta} at t = {t}, which is not in (0, 1]. Choose betaStart and betaEnd inside it (0.0001 and 0.02 are usual).',
  },
  DDPM_ERR_DIFFUSION_CONFIG: {
    exitCode: 2,
    message: 'diffusion: {combination} do not go together: {reason}. {remedy}',
  },
  DDPM_ERR_SAMPLER: { exitCode: 2, message: 'sampling: {problem}. {remedy}' },
  // model
  DDPM_ERR_MODEL_SIZE: {
    exitCode: 2,
    message:
      'images of {size}x{size} cannot be halved {times} times, as model.chMult with {levels} levels asks. Sizes that work with it are multiples of {multiple} (data.size {near}); {size} takes at most {most} levels (feature sizes {sizes}).',
  },
  DDPM_ERR_MODEL_CONFIG: { exitCode: 2, message: 'model.{key} {must}, but it is {value}. {remedy}' },
  // engine
  DDPM_ERR_ENGINE_PYTHON: {
    exitCode: 1,
    message:
      'no Python 3 with pip was found to fetch TensorFlow with ({tried}). Install one (Debian: apt-get install python3-pip; or set DDPM_FLEET_PYTHON to its path), or name a TensorFlow that is on this machine: ddpm-fleet engine install --from DIR_OR_WHEEL.',
  },
  DDPM_ERR_ENGINE_COMPILER: {
    exitCode: 1,
    message:
      'no C++ compiler was found to build the addon with ({tried}). Install one (Debian: apt-get install g++; macOS: xcode-select --install), or set CXX to its path.',
  },
  DDPM_ERR_ENGINE_PLATFORM: {
    exitCode: 1,
    message:
      'there is no TensorFlow {variant} wheel for {platform}. Use --engine wasm, or name a directory that holds libtensorflow: ddpm-fleet engine install --from DIR.',
  },
  DDPM_ERR_ENGINE_DOWNLOAD: {
    exitCode: 1,
    message:
      'pip could not download {what}: {detail}. Check the network and the index that pip uses (pip config list), or fetch the wheel elsewhere and name it: ddpm-fleet engine install --from FILE.whl.',
  },
  DDPM_ERR_ENGINE_SPACE: {
    exitCode: 1,
    isTransient: true,
    message:
      '{dir} has {have} free and the engine needs {need} while it installs. Free some space, or set DDPM_FLEET_HOME to a directory on a larger disk.',
  },
  DDPM_ERR_ENGINE_TEMP: {
    exitCode: 1,
    isTransient: true,
    message:
      '{dir} takes no files ({reason}), and programs pass through it on their way into TensorFlow. Free some space there, or set TMPDIR to another directory.',
  },
  DDPM_ERR_ENGINE_CACHE: {
    exitCode: 1,
    message:
      'cannot write the engine cache {dir} ({reason}). Make it writable, or set DDPM_FLEET_HOME to a directory that is.',
  },
  DDPM_ERR_ENGINE_SOURCE: {
    exitCode: 2,
    message:
      '{source} cannot be used as an engine: {detail}. Name a directory that holds libtensorflow_cc with its include/ (such as site-packages/tensorflow), or a TensorFlow wheel for {platform}.',
  },
  DDPM_ERR_ENGINE_BUILD: {
    exitCode: 1,
    message:
      'the addon did not compile against {source}: {detail}. Try another TensorFlow ({accepted}) with --from, and report this.',
  },
  DDPM_ERR_ENGINE_VERIFY: {
    exitCode: 1,
    message:
      'the engine was built from {source} and does not work, so it was not installed: {detail}. Try another TensorFlow with --from, or --variant cpu.',
  },
  DDPM_ERR_ENGINE_MISSING: {
    exitCode: 1,
    message:
      'the tensorflow engine is not installed in {dir}. Run: ddpm-fleet engine install (or use --engine wasm).',
  },
  DDPM_ERR_ENGINE_PRECISION: {
    exitCode: 2,
    message:
      'precision {precision} needs the compiled TensorFlow engine. Set engine.precision to float32, or use engine.kind tensorflow with engine.compiled true.',
  },
  DDPM_ERR_ENGINE_MEMORY: {
    exitCode: 1,
    message:
      'the device has too little memory for {program}, which needs about {needs} with the state: {detail}. Lower batch.slotBatchSize and raise batch.numSlots by as much, lower model.ch, or use a device with more memory that no other worker is on.',
  },
  DDPM_ERR_ENGINE_THREADS: {
    exitCode: 1,
    message:
      'this process gives TensorFlow {actual} threads and {wanted} were asked for; that is fixed when a process starts. Start it with TF_NUM_INTRAOP_THREADS={wanted} in its environment, or ask for what it has.',
  },
  DDPM_ERR_ENGINE_LOAD: {
    exitCode: 1,
    message: 'the {kind} engine does not load: {detail}. {remedy}',
  },
  DDPM_ERR_ENGINE_OP: {
    exitCode: 1,
    message:
      'the compiled engine cannot record the operation {op}, used by {program} at {place}. Write it with the operations that packages/engine/src/compile/kernels lists, or set engine.compiled to false.',
  },
  DDPM_ERR_ENGINE_TRACE_READ: {
    exitCode: 1,
    message:
      '{program} reads {what} at {place}, but while a program is traced tensors have no values. Keep the computation in tensors, make the value an output, or set engine.compiled to false.',
  },
  DDPM_ERR_GRAPH: {
    exitCode: 2,
    message:
      '{path} cannot be used as a model of features: {detail}. Name a SavedModel directory or the model.json of a TF.js graph model.',
  },
  // data
  DDPM_ERR_DATA_PATH: { exitCode: 2, message: 'data.kind {kind} needs data.path: {what}.' },
  DDPM_ERR_DATA_MISSING: {
    exitCode: 2,
    message: 'cannot read the images at {path}: {reason}. Check data.path and its permissions.',
  },
  DDPM_ERR_DATA_EMPTY: { exitCode: 2, message: '{path} holds no images: {what} is needed there.' },
  DDPM_ERR_DATA_FORMAT: {
    exitCode: 2,
    message: '{file} is not {format}: {detail}. Check data.kind and data.path.',
  },
  DDPM_ERR_DATA_TRUNCATED: {
    exitCode: 2,
    message: '{file} is truncated: {expected} bytes expected, {found} found. Fetch the file again.',
  },
  DDPM_ERR_DATA_PUBLISH: {
    exitCode: 2,
    message: '{path} cannot be published: {problem}.',
  },
  DDPM_ERR_DATA_IMAGE: {
    exitCode: 2,
    message:
      '{place} cannot be decoded: {reason}. Repair or remove the image, or set data.onBadImage: skip to leave such images out.',
  },
  DDPM_ERR_DATA_IMAGE_SIZE: {
    exitCode: 2,
    message:
      '{place} is {width}x{height} pixels{others}. Set data.size to resize and crop all images to one size.',
  },
  DDPM_ERR_DATA_SPLIT: { exitCode: 2, message: '{path}: {problem}. {remedy}.' },
  DDPM_ERR_DATA_CLASSES: {
    exitCode: 2,
    message: 'model.numClasses is {numClasses}, but of the classes of {name}: {problem}. {remedy}.',
  },
  DDPM_ERR_DATA_CATEGORY: {
    exitCode: 2,
    message: 'data.category {category} does not exist. There are: {categories}; or leave it empty for all.',
  },
  DDPM_ERR_DATA_HELD_OUT: {
    exitCode: 2,
    message:
      'data.heldOut {heldOut} leaves nothing to train on: there are {size} images. Lower data.heldOut.',
  },
  DDPM_ERR_DATA_CHANGED: {
    exitCode: 1,
    message:
      '{file} is not what it was when the data set was opened: {detail}. Start again with files that stay the same.',
  },
  DDPM_ERR_DATA_PRUNE: {
    exitCode: 1,
    message: '{directory} cannot be removed: {reason}. Remove it as the user whose it is.',
  },
  DDPM_ERR_DATA_CACHE: {
    exitCode: 1,
    message: '{file} is damaged at image {index}. Delete {directory}; it is made again at the next start.',
  },
  // trainer
  DDPM_ERR_OPTIMIZER: { exitCode: 2, message: 'optimizer: {problem}. {remedy}' },
  DDPM_ERR_NON_FINITE: {
    exitCode: 1,
    message:
      '{what}. That step was not applied and the state before it is kept. Go on in a new run from a checkpoint before it, with another setting: launch CONFIG --resume CHECKPOINT --branch NAME --set optimizer.lr=LESS, or --set train.onNonFinite=skip.',
  },
  // checkpoint
  DDPM_ERR_CHECKPOINT_STATE: {
    exitCode: 1,
    message:
      'this state cannot be saved: {detail}. Save the state of one step, read with the layout it was made with.',
  },
  DDPM_ERR_CHECKPOINT_NONE: {
    exitCode: 2,
    message:
      'there is no checkpoint in {location}. Name a run that has saved one, or start from step 0 with --resume none.',
  },
  DDPM_ERR_CHECKPOINT_MISSING: {
    exitCode: 2,
    message: 'there is no checkpoint of step {step} in {location}; it holds {steps}. Name one of these.',
  },
  DDPM_ERR_CHECKPOINT_BAD: {
    exitCode: 1,
    message:
      'checkpoint {name} in {location} cannot be used: {problem}. Use an older one (checkpoint list shows which are whole).',
  },
  DDPM_ERR_CHECKPOINT_NON_FINITE: {
    exitCode: 2,
    message:
      'the weights of checkpoint {name} hold {value} (element {at}): training had diverged. Name an older checkpoint; checkpoint verify says which are finite.',
  },
  DDPM_ERR_CHECKPOINT_ALL_BAD: {
    exitCode: 1,
    message:
      'none of the checkpoints in {location} can be used: {list}. Restore one from a copy; only --resume none starts again from step 0.',
  },
  DDPM_ERR_CHECKPOINT_VERSION: {
    exitCode: 2,
    message:
      'checkpoint {name} has format version {found}, this release reads {supported}. Read it with a release that knows that version.',
  },
  DDPM_ERR_CHECKPOINT_WEIGHTS: {
    exitCode: 2,
    message: 'checkpoint {name} has no weights {wanted}; it has {has}. Choose one of these with --weights.',
  },
  DDPM_ERR_AVERAGES_NONE: {
    exitCode: 2,
    message:
      'there is no usable snapshot of averages in {location}. Train with ema.power and ema.snapshotEvery, or choose weights that a checkpoint has (--weights).',
  },
  DDPM_ERR_AVERAGE_RANGE: {
    exitCode: 2,
    message:
      'the average {wanted} after step {step} cannot be made of the {count} snapshots in {location}: what comes nearest is {percent} % off its profile (at most {most} %). Possible there: {possible}.',
  },
  DDPM_ERR_CHECKPOINT_WRITE: {
    exitCode: 1,
    isTransient: true,
    message: 'the checkpoint of step {step} was not saved in {location}: {reason}. {remedy}',
  },
  DDPM_ERR_CHECKPOINT_SHARES: {
    exitCode: 1,
    message:
      'the checkpoint of step {step} was not published: {detail}. The last good one stays; the next save tries again.',
  },
  DDPM_ERR_SAFETENSORS: {
    exitCode: 1,
    message: '{file} is not a whole safetensors file: {problem}. Fetch or write it again.',
  },
  DDPM_ERR_STORE_LOCATION: {
    exitCode: 2,
    message:
      '{location} is not a place that can be used: {problem}. Give a directory, or s3://bucket/prefix.',
  },
  DDPM_ERR_STORE_CREDENTIALS: {
    exitCode: 2,
    message:
      'no credentials for {location}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and ~/.aws/credentials.',
  },
  DDPM_ERR_STORE_DENIED: {
    exitCode: 2,
    message:
      '{location} refused the request ({status} {reason}). Check the key, the secret, the region and what the key may do there.',
  },
  DDPM_ERR_STORE_REQUEST: {
    exitCode: 1,
    isTransient: true,
    message: '{location}: {request} failed: {reason}. Check that the service can be reached, then try again.',
  },
  // transport, protocol, coordinator, worker
  DDPM_ERR_TRANSPORT_ADDRESS: {
    exitCode: 2,
    message:
      '{address} is not an address. Write tcp://host:port, e.g. tcp://127.0.0.1:7070; port 0 takes a free one.',
  },
  DDPM_ERR_TRANSPORT_PLAIN: {
    exitCode: 2,
    message:
      'refusing {address} without encryption: it is not on this host. Give keys, use 127.0.0.1, or ask for plain TCP with --insecure.',
  },
  DDPM_ERR_PORT_IN_USE: {
    exitCode: 2,
    message:
      'cannot listen on {address}: the port is in use. Stop what uses it, or give another port (0 takes a free one).',
  },
  DDPM_ERR_TRANSPORT_BIND: {
    exitCode: 2,
    message: 'cannot listen on {address} ({reason}). Give an address of this host.',
  },
  DDPM_ERR_WORKER_JOIN: {
    exitCode: 2,
    message:
      'no coordinator to join. Give its control address (--join tcp://host:port, or DDPM_FLEET_JOIN) or the directory of a run of this host (--run-dir).',
  },
  DDPM_ERR_WORKER_ID: {
    exitCode: 2,
    message:
      'a worker cannot be called {id}. Use letters, digits, ".", "_" and "-", at most 64, the first a letter or digit.',
  },
  DDPM_ERR_WORKER_KEYS: {
    exitCode: 2,
    message: 'cannot use the key file {file}: {reason}. It is made at launch; give the one of this worker.',
  },
  DDPM_ERR_WORKER_FLIP: {
    exitCode: 2,
    message:
      'DDPM_DEBUG_FLIP={text}: write STEP:WORKER, e.g. 120:worker-1; or unset it, since it damages weights.',
  },
  DDPM_ERR_COMPUTE_DIED: {
    exitCode: 1,
    isTransient: true,
    message: 'the compute thread of this worker died: {reason}. The run goes on with the other workers.',
  },
  DDPM_ERR_STATE_DAMAGED: {
    exitCode: 1,
    isTransient: true,
    message:
      'the state of step {globalStep} came damaged again and again: this host loads other bits than it is sent. Run a memory test on it; the run goes on with the other workers.',
  },
  // inference
  DDPM_ERR_EXPORT_GRAPH: {
    exitCode: 2,
    message: '{format} cannot express this model: {reason}. Export it as safetensors.',
  },
  DDPM_ERR_EXPORT_BATCH: {
    exitCode: 2,
    message: '--batch fixes the batch size of savedmodel and tfjs; {format} has none. Leave it out.',
  },
  DDPM_ERR_EXPORT_OUT: {
    exitCode: 2,
    message: '{out} {problem}. Name an empty directory with --out.',
  },
  DDPM_ERR_NPY: {
    exitCode: 2,
    message: '{file} cannot be read as NumPy arrays: {detail}. Write it with numpy.savez.',
  },
  DDPM_ERR_FID: { exitCode: 2, message: 'FID: {problem}. {remedy}' },
  DDPM_ERR_PART: {
    exitCode: 1,
    message:
      'a process that computed a part ended early ({reason}). Try again; fewer --workers need less memory.',
  },
  DDPM_ERR_EXPORT_DIFFUSERS: {
    exitCode: 2,
    message: 'diffusers cannot express this model: {reason}. Export it as safetensors.',
  },
  DDPM_ERR_COORDINATOR_RUN: {
    exitCode: 2,
    message: '{dir} does not hold a run ({reason}). Start one with ddpm-fleet launch, or name its directory.',
  },
  DDPM_ERR_COORDINATOR_FROM: {
    exitCode: 2,
    message: '{path} is not a checkpoint. Name its directory, e.g. runs/x/checkpoints/step-00001000.',
  },
  DDPM_ERR_COORDINATOR_KEYS: {
    exitCode: 2,
    message:
      'the key file {file} cannot be used: {reason}. It is made by ddpm-fleet launch; its mode is 0600.',
  },
  DDPM_ERR_JOURNAL: {
    exitCode: 1,
    message:
      '{path}: line {line} is damaged: {detail}. Run ddpm-fleet audit on the run; to go on from the newest checkpoint, move the journal away.',
  },
  DDPM_ERR_JOURNAL_SEAL: {
    exitCode: 1,
    message:
      '{journal} cannot be checked against {sealKey}: {problem}. Put the key back; or, if you know why it is so (a journal of an older release, a lost key), go on with --resume auto --reseal, which the journal records.',
  },
  DDPM_ERR_SEAL_KEY: {
    exitCode: 1,
    message: 'the key {path} cannot be used ({reason}). Put the one of this run back.',
  },
  DDPM_ERR_JOURNAL_WRITE: {
    exitCode: 1,
    message:
      '{path}: its last lines could not be made durable ({problem}). See to the disk; a resume goes on from what is there.',
  },
  DDPM_ERR_JOURNAL_CUT: {
    exitCode: 1,
    message:
      'the journal ends at step {step}, before the oldest checkpoint in {location}, which is of step {oldest}: lines are missing. Restore the journal from a copy; or keep it aside and go on in a new run from a checkpoint: launch CONFIG --resume CHECKPOINT --branch NAME.',
  },
  DDPM_ERR_IMPORT_DIFFUSERS: {
    exitCode: 2,
    message:
      'cannot import {dir}: {reason}. Give the folder of a DDPMPipeline, or of its UNet2DModel; without --config the settings are read off it.',
  },
  // launcher, cli
  DDPM_ERR_RUN_MISSING: {
    exitCode: 2,
    message: 'there is no run {text}: looked in {places}. Give the name of a run in runs/ or its directory.',
  },
  DDPM_ERR_RUN_EXISTS: {
    exitCode: 2,
    message:
      '{dir} already holds a run. Go on with it: --resume auto. Or start another: --name NAME or --run-dir DIR.',
  },
  DDPM_ERR_RUN_LIVE: {
    exitCode: 1,
    message:
      '{dir}: this run is going on already: {role} on {host}, pid {pid}, for {age}. Wait for it, or end it first.',
  },
  DDPM_ERR_RUN_DISPLACED: {
    exitCode: 1,
    message:
      '{dir}: this run was taken over by another {role} on {host}, pid {pid}, which had not heard of this one for too long. Nothing more is written here; look after that one.',
  },
  DDPM_ERR_RUN_DIR: {
    exitCode: 2,
    message: 'cannot write into the run directory {dir} ({reason}). Give another one with --run-dir.',
  },
  DDPM_ERR_RUN_NOTHING: {
    exitCode: 2,
    message: '{dir}: nothing to resume; no run was started there. Leave --resume out to start one.',
  },
  DDPM_ERR_RESUME_OTHER: {
    exitCode: 2,
    message:
      '{checkpoint} is of another run ({there}) than the one in {dir} ({here}), whose history it would replace. Begin a new run with it: --resume {checkpoint} --branch NAME.',
  },
  DDPM_ERR_BRANCH: {
    exitCode: 2,
    message: '--branch {name}: {problem}. {remedy}',
  },
  DDPM_ERR_CHECKPOINT_PATH: {
    exitCode: 2,
    message:
      'there is no checkpoint {path}. `ddpm-fleet checkpoint list RUN` prints the paths of those there are.',
  },
  DDPM_ERR_EMA_SWEEP: { exitCode: 2, message: 'ema sweep: {problem}. {remedy}' },
  DDPM_ERR_WEIGHTS_NAME: {
    exitCode: 2,
    message:
      'there are no weights {name}. Write raw, or ema-DECAY with a decay of the config, e.g. ema-0.9999.',
  },
  DDPM_ERR_EVALUATE_IMAGES: {
    exitCode: 2,
    message: 'there is no image {index} in {name}: numbers are 0 to {last}. Ask for fewer or for others.',
  },
  DDPM_ERR_REPORT_OUT: {
    exitCode: 2,
    message: '{file} cannot be written: {reason}. Name another with --out.',
  },
  DDPM_ERR_SAMPLE_OUT: {
    exitCode: 2,
    message: '{file}: its ending does not say what to write. Name {what}.',
  },
  DDPM_ERR_SAMPLE_STALE: {
    exitCode: 2,
    message:
      '{dir} holds {problem}, which would stay beside the new images and be taken for them. Name an empty directory with --out.',
  },
  DDPM_ERR_SAMPLE_CLASS: { exitCode: 2, message: '--class: {detail}.' },
  DDPM_ERR_BENCH_PYTORCH: {
    exitCode: 2,
    message:
      '--pytorch {python}: it cannot run the comparison ({detail}). Name a Python that has what is compared with (torch; diffusers too for sampling; scipy for distances).',
  },
  DDPM_ERR_IMPORT_OUT: {
    exitCode: 2,
    message:
      '--out {out}: there is a checkpoint or a config already. Name a directory that does not exist yet.',
  },
  DDPM_ERR_AUDIT: {
    exitCode: 1,
    message:
      '{runDir}: the journal does not hold: {first}. Keep the directory as it is; ddpm-fleet audit --json lists all that was found.',
  },
  DDPM_ERR_AUDIT_JOURNAL: {
    exitCode: 2,
    message: 'cannot read the journal {path} ({reason}). Give a run that has made at least one step.',
  },
  DDPM_ERR_REPLAY_STEP: {
    exitCode: 2,
    message:
      '--step {step}: the journal has {steps} steps on its surviving line, counted from 0. Give a smaller one.',
  },
  DDPM_ERR_REPLAY: {
    exitCode: 1,
    message:
      'step {step} comes out otherwise than the journal says: loss {loss} here, {journalLoss} there. It was computed by {there}, here by {here}: compare them, then run ddpm-fleet audit.',
  },
  DDPM_ERR_CHAOS_NOT_LIVE: {
    exitCode: 2,
    message:
      '{runDir}: no coordinator of this run is going on on this host. Start the run with ddpm-fleet launch, then injure it from another terminal.',
  },
  DDPM_ERR_RUN_REFUSED: { exitCode: 2, message: 'the run could not start: {reason} {hint}' },
  DDPM_ERR_RUN_FAILED: { exitCode: 1, message: 'the run ended: {reason}. {hint}' },
  DDPM_ERR_RUN_UNSAVED: {
    exitCode: 1,
    message:
      'the run was stopped ({reason}), and what it had is not all saved: {lost}. --resume auto computes that again, to the same bits. {hint}',
  },
  DDPM_ERR_LAUNCH_PLAN: {
    exitCode: 2,
    message:
      'the run cannot be placed: {detail}. Ask for at least one worker on at least one host (--workers N).',
  },
  DDPM_ERR_HOSTS: {
    exitCode: 2,
    message:
      '{place}: {detail}. A host is [user@]host[:port], in a file one a line with dir=, node=, gpus=, cores= behind it.',
  },
  DDPM_ERR_HOSTS_UNFIT: {
    exitCode: 2,
    message:
      'not every host can take part: {problems}. Nothing was started; ddpm-fleet doctor --hosts looks again.',
  },
  DDPM_ERR_SLURM: {
    exitCode: 1,
    message: 'Slurm: {problem}. {detail}',
  },
  DDPM_ERR_KUBERNETES: {
    exitCode: 2,
    message: 'Kubernetes: {problem} {detail}. ddpm-fleet launch --help has an example.',
  },
  DDPM_ERR_STATUS_REMOTE: {
    exitCode: 1,
    message:
      'the status cannot be read from {address}: {reason}. It is on the second port after the control port, for holders of keys/reader.json.',
  },
  DDPM_ERR_DRAIN: {
    exitCode: 2,
    message: 'nothing of {dir} can be drained: {reason}. ddpm-fleet status lists the workers.',
  },
  DDPM_ERR_RENDEZVOUS: {
    exitCode: 1,
    message:
      'after {seconds} s {missing} had not joined. Their logs are in {logs}; --rendezvous-timeout sets how long is waited.',
  },
  DDPM_ERR_LAUNCH_START: {
    exitCode: 1,
    message:
      '{id} cannot be started: {reason}. Check that its log file is writable and that processes can be started.',
  },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly exitCode: 1 | 2;
  readonly isTransient?: true;
  readonly message: string;
}

export type ErrorCode = keyof typeof table;

export const ERRORS: Record<ErrorCode, ErrorEntry> = table;
