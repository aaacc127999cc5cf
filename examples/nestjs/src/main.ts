// oxlint-disable-next-line import/no-unassigned-import -- works by being loaded
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { UserModule, Users } from './user.module.ts';

const application = await NestFactory.createApplicationContext(UserModule, { logger: ['error'] });
const users = application.get(Users);
const counts: Record<string, number> = {};
for (let call = 0; call < 60; call++) {
  const { servedBy } = await users.get(String(call));
  counts[servedBy] = (counts[servedBy] ?? 0) + 1;
}
console.log(counts);
users.close();
await application.close();
