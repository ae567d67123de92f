export { once } from '../../core/once.ts';
