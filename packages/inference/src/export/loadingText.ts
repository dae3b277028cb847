import type { TrainedModel } from '../denoiser.js';

export type ExportFormat = 'safetensors' | 'diffusers' | 'savedmodel' | 'tfjs';

interface About {
  readonly weightsName: string;
  readonly model: TrainedModel;
}

/** How somebody who has only the folder loads it: Markdown with code that runs as it is copied. */
export function loadingText(format: ExportFormat, about: About): string {
  return TEXTS[format](about);
}

const TEXTS: Record<ExportFormat, (about: About) => string> = {
  safetensors: ({ weightsName }) =>
    `${code('python', `from safetensors.numpy import load_file`, ``, `tensors = load_file("${weightsName}.safetensors")`)}

Names are those of Ho et al.'s variable scopes. Convolution kernels are [height, width, in, out], dense ones [in, out].`,

  diffusers: ({ model }) => {
    const { numTimesteps } = model.config.diffusion;
    if (model.config.model.numClasses > 0) return classText(model.config.model.numClasses);
    return code(
      'python',
      `from diffusers import DDPMPipeline`,
      ``,
      `pipeline = DDPMPipeline.from_pretrained(".")  # the path of this folder`,
      `pipeline(batch_size=4, num_inference_steps=${numTimesteps}).images[0].save("sample.png")`,
    );
  },

  savedmodel: ({ model }) =>
    `${code(
      'python',
      `import tensorflow as tf`,
      ``,
      `model = tf.saved_model.load(".")  # the path of this folder`,
      `predict = model.signatures["serving_default"]`,
      `out = predict(${pythonInputs(model)})`,
    )}

TensorFlow Serving takes this folder as a version of a model: put it at \`models/${model.config.name}/1\`.`,

  tfjs: ({ model }) =>
    code(
      'js',
      `import * as tf from '@tensorflow/tfjs';`,
      ``,
      `const model = await tf.loadGraphModel('https://example.com/model.json'); // where this folder is served`,
      `const out = model.predict({ ${scriptInputs(model)} });`,
    ),
};

/** No pipeline of diffusers takes a class for a UNet2DModel: the loop is written out. */
function classText(numClasses: number): string {
  return code(
    'python',
    `import torch`,
    `from diffusers import DDPMScheduler, UNet2DModel`,
    ``,
    `unet = UNet2DModel.from_pretrained("unet")  # in this folder`,
    `scheduler = DDPMScheduler.from_pretrained("scheduler")`,
    `label = torch.tensor([0])  # 0 to ${numClasses - 1}; ${numClasses} stands for no class`,
    `x = torch.randn(1, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)`,
    `with torch.no_grad():`,
    `    for t in scheduler.timesteps:`,
    `        x = scheduler.step(unet(x, t, class_labels=label).sample, t, x).prev_sample`,
  );
}

function code(language: string, ...lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``;
}

function pythonInputs({ config, image: { size, channels } }: TrainedModel): string {
  const images = `tf.random.normal([1, ${size}, ${size}, ${channels}])`;
  return [
    `x=${images}`,
    `t=tf.constant([${config.diffusion.numTimesteps - 1}])`,
    ...(config.model.numClasses > 0 ? ['label=tf.constant([0])'] : []),
    ...(config.diffusion.selfConditioning
      ? [`previousXStart=tf.zeros([1, ${size}, ${size}, ${channels}])`]
      : []),
  ].join(', ');
}

function scriptInputs({ config, image: { size, channels } }: TrainedModel): string {
  const shape = `[1, ${size}, ${size}, ${channels}]`;
  return [
    `x: tf.randomNormal(${shape})`,
    `t: tf.tensor1d([${config.diffusion.numTimesteps - 1}], 'int32')`,
    ...(config.model.numClasses > 0 ? [`label: tf.tensor1d([0], 'int32')`] : []),
    ...(config.diffusion.selfConditioning ? [`previousXStart: tf.zeros(${shape})`] : []),
  ].join(', ');
}
