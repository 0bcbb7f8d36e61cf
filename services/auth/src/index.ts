export { authService } from './service.ts'
export type { InitialAdmin } from './users/initial-admin.ts'
