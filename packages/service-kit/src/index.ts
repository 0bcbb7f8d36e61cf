export * from './clock.ts'
export * from './service.ts'
