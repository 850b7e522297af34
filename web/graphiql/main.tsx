import './workers.ts';
import 'graphiql/style.css';
import './style.css';
import { createRoot } from 'react-dom/client';
import { readPageConfig } from './config.ts';
import { Page } from './page.tsx';

createRoot(document.querySelector('#root') as HTMLElement).render(<Page config={readPageConfig()} />);
