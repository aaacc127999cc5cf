/**
 * Values as a careless or foreign writer might store them: every member of an endpoint's JSON, right,
 * wrong or absent, in every spelling. The same list for the same count.
 */
export function foreignValues(count: number): string[] {
  const values = [...oddities];
  for (let index = 0; values.length < count; index++) {
    const address = `10.1.${index >> 8}.${index & 255}:50051`;
    values.push(value(address, index));
  }
  return values.slice(0, count);
}

const oddities = [
  '',
  ' ',
  'null',
  '{}',
  '[]',
  '"text"',
  '17',
  'true',
  '{oops',
  '{"Op":0,"Addr":"10.2.0.1:1"}trailing',
  ' \n{"Op":0,"Addr":"10.2.0.2:1"}\t ',
  '\ufeff{"Op":0,"Addr":"10.2.0.3:1"}',
  '{"Op":0,"Addr":"10.2.0.4:1",}',
  '{"Op":00,"Addr":"10.2.0.5:1"}',
  '{"Op":0,"Addr":"10.2.0.6:1","Metadata":{"weight":1e400}}',
  '{"Op":0,"Addr":"10.2.0.7:1","Addr":"10.2.0.8:1"}',
  '{"Op":0,"Addr":"10.2.0.9:1","addr":"10.2.0.10:1"}',
  '{"Op":0,"addr":"10.2.0.11:1","Addr":"10.2.0.12:1"}',
  '{"Op":0,"ADDR":"10.2.0.13:1"}',
  '{"Op":0,"Addr":null}',
  '{"Op":0,"Addr":["10.2.0.14:1"]}',
  '{"Op":0,"Addr":"10.2.0.15:1","Metadata":[[[[1]]]]}',
  '{"Op":0,"Addr":"10.2.0.16:1","Metadata":{"__proto__":{"weight":9}}}',
  '{"__proto__":{"Addr":"10.2.0.17:1"}}',
  '{"Op":0,"Addr":"10.2.0.18:1","Metadata":"\\ud800"}',
  '{"Op":0,"Addr":"10.2.0.19:1\u0000"}',
];

const ops = [
  '',
  '"Op":0,',
  '"Op":1,',
  '"op":0,',
  '"Op":null,',
  '"Op":-1,',
  '"Op":256,',
  '"Op":255,',
];
const moreOps = ['"Op":"0",', '"Op":0.5,', '"Op":1e2,', '"Op":0.0,', '"Op":true,', '"OP":7,'];
const names = ['Addr', 'addr', 'ADDR', 'Address', 'aDDr'];
const metadatas = [
  '',
  ',"Metadata":null',
  ',"Metadata":{"weight":5}',
  ',"metadata":{"weight":"9"}',
  ',"Metadata":7',
  ',"Metadata":"text"',
  ',"Metadata":[]',
  ',"Metadata":{"weight":-1}',
  ',"Metadata":{"weight":2.5}',
  ',"Extra":{"Addr":"x:1"}',
];

/** Walks through all combinations, in a mixed order. */
function value(address: string, index: number): string {
  const allOps = [...ops, ...moreOps];
  const op = allOps[index % allOps.length];
  const name = names[Math.floor(index / allOps.length) % names.length];
  const metadata = metadatas[Math.floor(index / allOps.length / names.length) % metadatas.length];
  return `{${op}"${name}":"${address}"${metadata}}`;
}
