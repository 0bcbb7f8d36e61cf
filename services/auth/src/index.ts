export { authService } from './service.ts'
export type { InitialAdmin } from './users/user-service.ts'
