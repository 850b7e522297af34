import { useConsole } from './context.ts';
import type { AttachmentEvent } from './live.ts';
import { statusWords } from './parts/status.tsx';
import { VirtualList } from './parts/virtual-list.tsx';
import { useStore } from './store.ts';

const ROW_HEIGHT = 64;
const keyOf = ({ cursor }: AttachmentEvent) => cursor;
const ignore = () => {};

function row({ type, at, reasonRaw, attachment }: AttachmentEvent) {
  const { server, share, serverId, shareId, fault } = attachment;
  return (
    <div className="row">
      <span className="row-text">
        <span className="row-title">
          <strong>{statusWords(type)}</strong>
          <span>
            {share?.name ?? shareId} on {server?.name ?? serverId}
          </span>
        </span>
        <span className="row-more quiet">
          <time dateTime={at}>{new Date(at).toLocaleTimeString()}</time>
          {fault?.message ?? (reasonRaw ? statusWords(reasonRaw) : 'by request')}
        </span>
      </span>
    </div>
  );
}

/** The events that arrived while the page is open, newest first. */
export function Timeline() {
  const { live } = useConsole();
  const events = useStore(live.state, (state) => state.events);
  if (events.length === 0) return <p className="quiet empty">Nothing has happened since the page was opened.</p>;
  return (
    <VirtualList
      label="Timeline"
      items={events}
      keyOf={keyOf}
      rowHeight={ROW_HEIGHT}
      row={row}
      total={events.length}
      onEnd={ignore}
    />
  );
}
