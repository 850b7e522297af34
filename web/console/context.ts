import { createContext, useContext } from 'react';
import type { Session } from '../shared/session.ts';
import type { Live } from './live.ts';
import type { Store } from './store.ts';

/** What the user has selected, by id. */
export interface Selection {
  readonly servers: ReadonlyMap<string, string>;
  readonly shares: ReadonlyMap<string, string>;
  /** The attachment whose details are shown. */
  readonly attachment: { readonly serverId: string; readonly shareId: string } | null;
}

/** What the parts of the console have in common. */
export interface ConsoleContext {
  readonly session: Session;
  readonly live: Live;
  readonly selection: Store<Selection>;
}

const Context = createContext<ConsoleContext | null>(null);

export const ConsoleProvider = Context.Provider;

/** The console's context. @throws outside of a ConsoleProvider */
export function useConsole(): ConsoleContext {
  const context = useContext(Context);
  if (!context) throw new Error('Expected a ConsoleProvider around the component');
  return context;
}

/** Adds an id with its name to a selection, or removes it. */
export function toggled(selected: ReadonlyMap<string, string>, id: string, name: string): ReadonlyMap<string, string> {
  const next = new Map(selected);
  if (!next.delete(id)) next.set(id, name);
  return next;
}
