import test from 'ava';
import { elements, text } from '../src/xml.js';

test('elements and their text are found, entities replaced', (t) => {
  const xml = `<?xml version="1.0"?><R xmlns="x"><C><Key>a&amp;b&#47;&#x63;&quot;</Key><Size>1</Size></C>
<C><Key>d
e</Key></C><Common><Key>f</Key></Common></R>`;
  t.deepEqual(
    elements(xml, 'C').map((item) => text(item, 'Key')),
    ['a&b/c"', 'd\ne'],
  );
  t.is(text(xml, 'Size'), '1');
  t.is(text(xml, 'Nothing'), undefined);
  t.is(text('<Code>&unknown;</Code>', 'Code'), '&unknown;');
});
