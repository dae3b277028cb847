/** How a parameter is called and laid out in a diffusers `UNet2DModel`. */
export interface DiffusersParam {
  readonly name: string;
  /** How our array becomes theirs. */
  readonly layout: Layout;
}

/**
 * `conv`: [kh, kw, in, out] -> [out, in, kh, kw]; `linear`: [in, out] -> [out, in];
 * `pointwise`: [in, out] -> [out, in, 1, 1]; `table`: [classes, out] and one row of zeros, for no class; `same`: as it is.
 */
export type Layout = 'conv' | 'linear' | 'pointwise' | 'table' | 'same';

const BLOCK: Readonly<Record<string, string>> = {
  norm1: 'norm1',
  conv1: 'conv1',
  temb_proj: 'time_emb_proj',
  norm2: 'norm2',
  conv2: 'conv2',
  nin_shortcut: 'conv_shortcut',
};

const ATTENTION: Readonly<Record<string, string>> = {
  norm: 'group_norm',
  q: 'to_q',
  k: 'to_k',
  v: 'to_v',
  proj_out: 'to_out.0',
};

const TOP: Readonly<Record<string, string>> = {
  'temb/dense0': 'time_embedding.linear_1',
  'temb/dense1': 'time_embedding.linear_2',
  label_emb: 'class_embedding',
  conv_in: 'conv_in',
  conv_out: 'conv_out',
  norm_out: 'conv_norm_out',
  'mid/block_1': 'mid_block.resnets.0',
  'mid/block_2': 'mid_block.resnets.1',
  'mid/attn_1': 'mid_block.attentions.0',
};

const LEAF: Readonly<Record<string, string>> = { W: 'weight', b: 'bias', gamma: 'weight', beta: 'bias' };

/**
 * The name in diffusers of a parameter of Ho et al.'s or the improved UNet, with the new attention names (to_q, not query).
 * @param levels number of resolution levels; up blocks are counted from the other end
 */
export function diffusersParam(name: string, levels: number): DiffusersParam {
  const parts = name.split('/');
  const leaf = parts.pop()!;
  const path = modulePath(parts, levels);
  if (path === undefined || LEAF[leaf] === undefined) throw new Error(`no diffusers name for ${name}`);
  return { name: `${path}.${LEAF[leaf]}`, layout: leaf === 'W' ? weightLayout(parts) : 'same' };
}

function modulePath(parts: readonly string[], levels: number): string | undefined {
  const whole = TOP[parts.join('/')];
  if (whole) return whole;
  const inner = parts.at(-1)!;
  const outer = TOP[parts.slice(0, -1).join('/')] ?? levelPath(parts.slice(0, -1), levels);
  if (inner === 'conv' && /^(down|up)sample$/.test(parts.at(-2)!)) return outer && `${outer}.conv`;
  const names = parts.at(-2)!.startsWith('attn') ? ATTENTION : BLOCK;
  return outer && names[inner] && `${outer}.${names[inner]}`;
}

/** `down_1/block_0` -> `down_blocks.1.resnets.0` */
function levelPath([level, unit]: readonly string[], levels: number): string | undefined {
  const [, side, l] = /^(down|up)_(\d+)$/.exec(level ?? '') ?? [];
  if (!side) return undefined;
  const block = side === 'down' ? `down_blocks.${l}` : `up_blocks.${levels - 1 - Number(l)}`;
  if (unit === 'downsample') return `${block}.downsamplers.0`;
  if (unit === 'upsample') return `${block}.upsamplers.0`;
  const [, kind, b] = /^(block|attn)_(\d+)$/.exec(unit ?? '') ?? [];
  return kind && `${block}.${kind === 'block' ? 'resnets' : 'attentions'}.${b}`;
}

function weightLayout(parts: readonly string[]): Layout {
  if (parts[0] === 'label_emb') return 'table';
  if (parts[0] === 'temb' || parts.at(-1) === 'temb_proj' || parts.at(-2)?.startsWith('attn'))
    return 'linear';
  return parts.at(-1) === 'nin_shortcut' ? 'pointwise' : 'conv';
}
