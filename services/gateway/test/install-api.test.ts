import t from 'tap'
import { reading } from './install-reading.ts'
import { submitting } from './install-submitting.ts'

t.test('POST /install', async (t) => submitting(t))
t.test('GET and DELETE of jobs, their logs', async (t) => reading(t))
