import test from 'ava';
import { placeFiles, placeFolders, takeSplit, wantedSplits } from '../src/splits.js';

const TRAIN = wantedSplits('train');
const folders = (paths: readonly string[], wanted = TRAIN) =>
  placeFolders(
    'ROOT',
    paths.map((path) => path.split('/').filter(Boolean)),
    wanted,
  ).map(({ split, names }) => `${split ?? '-'}:${names.join('/')}`);
const files = (paths: readonly string[], wanted = TRAIN) =>
  placeFiles(
    'ROOT',
    paths.map((path) => path.split('/')),
    wanted,
  ).map(({ split }) => split);

test('every usual name of a split, in any case, alone or in pairs', (t) => {
  const names = {
    train: [
      'train',
      'TRAIN',
      'Training',
      'train_images',
      'images_train',
      'train2017',
      'training_set',
      'trainSet',
    ],
    validation: ['val', 'Valid', 'validation', 'dev', 'val2017', 'valid-images', 'VAL'],
    test: ['test', 'Testing', 'test_set', 'TEST', 'eval'],
  };
  for (const [split, list] of Object.entries(names)) {
    for (const name of list) {
      t.deepEqual(folders([`${name}/a`]), [`${split}:a`], name);
      t.deepEqual(folders([`${name}/a`, 'test/a', 'train/b']), [`${split}:a`, 'test:a', 'train:b'], name);
    }
  }
});

test('layouts of folders that people download', (t) => {
  t.deepEqual(folders(['a', 'b/deep']), ['-:a', '-:b/deep'], 'no splits');
  t.deepEqual(folders(['ILSVRC/Data/CLS-LOC/train/n01', 'ILSVRC/Data/CLS-LOC/val']), [
    'train:n01',
    'validation:',
  ]);
  t.deepEqual(folders(['images/train', 'images/val']), ['train:', 'validation:'], 'YOLO');
  t.deepEqual(
    folders(['bottle/train/good', 'cable/test/bad']),
    ['train:bottle/good', 'test:cable/bad'],
    'MVTec',
  );
  t.deepEqual(
    folders(['seg_train/seg_train/sea', 'seg_test/seg_test/sea']),
    ['train:sea', 'test:sea'],
    'Intel',
  );
  t.deepEqual(folders(['DIV2K_train_HR', 'DIV2K_valid_HR']), ['train:', 'validation:']);
  t.deepEqual(
    folders(['trainA', 'testA', 'trainB', 'testB']),
    ['train:', 'test:', 'train:', 'test:'],
    'CycleGAN',
  );
  t.deepEqual(folders(['train_station', 'bus_stop']), ['-:train_station', '-:bus_stop'], 'classes');
  t.deepEqual(folders(['train_station', 'train_yard']), ['-:train_station', '-:train_yard'], 'classes');
  t.deepEqual(folders(['trainval/a', 'b']), ['-:trainval/a', '-:b']);
});

test('what cannot be told is refused by name', (t) => {
  for (const paths of [
    ['train', 'bus'],
    ['train/a', 'val/a', 'extra/a'],
    ['', 'test/a'],
    ['a/test', 'a', 'b'],
  ]) {
    const error = t.throws(() => folders(paths), { code: 'DDPM_ERR_DATA_SPLIT' })!;
    t.regex(error.message, /ROOT: it cannot be told.*(train|test).*data\.split to none/);
    t.deepEqual(folders(paths, wantedSplits('none')).map((one) => one[0]), paths.map(() => '-')); // prettier-ignore
  }
  t.deepEqual(
    folders(['train/a', 'extra/a'], wantedSplits('extra')),
    ['train:a', 'extra:a'],
    'a name of its own',
  );
});

test('names of archives', (t) => {
  t.deepEqual(files(['train-000', 'val-000']), ['train', 'validation']);
  t.deepEqual(files(['data/train-00000-of-00002', 'data/validation-00000-of-00001']), [
    'train',
    'validation',
  ]);
  t.deepEqual(files(['imagenet-train-000017', 'imagenet_val_0001']), ['train', 'validation']);
  t.deepEqual(
    files(['default/train/0000', 'default/test/0000']),
    ['train', 'test'],
    'converted by Hugging Face',
  );
  t.deepEqual(files(['shard-000', 'shard-001']), [undefined, undefined]);
  t.throws(() => files(['train-0', 'shard-0']), { message: /train-0 names one, shard-0 does not/ });
});

test('what is wanted is taken, or it is said what there is', (t) => {
  const placed = ['train', 'validation', 'train'].map((split) => ({ split }));
  const take = (text: string, isNamed = false) => takeSplit('ROOT', placed, wantedSplits(text), isNamed);
  t.deepEqual(take('train'), [true, false, true]);
  t.deepEqual(take('Val'), [false, true, false]);
  t.deepEqual(take('train + dev'), [true, true, true]);
  t.deepEqual(take('all'), [true, true, true]);
  t.throws(() => take('test'), { message: /no split test .* it has train, validation\. .* or to all/ });
  t.throws(() => take('train+test'), { message: /no split test/ });
  const none = [{}, {}];
  t.deepEqual(takeSplit('ROOT', none, TRAIN), [true, true]);
  t.throws(() => takeSplit('ROOT', none, wantedSplits('test')), { message: /no name in it tells of splits/ });
  const named = [{ split: 'validation' }];
  t.throws(() => takeSplit('ROOT', named, TRAIN), { message: /it has validation/ });
  t.deepEqual(takeSplit('ROOT', named, TRAIN, true), [true], 'the user named this one file');
  t.throws(() => takeSplit('ROOT', named, wantedSplits('test'), true), { message: /it has validation/ });
});
