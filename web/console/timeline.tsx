import { useMemo } from 'react';
import { useConsole } from './context.ts';
import { HistoryDocument, type HistoryQuery, type HistoryRowFragment } from './gql/graphql.ts';
import { ListFooter } from './parts/list-footer.tsx';
import { PanelErrors } from './parts/panel-errors.tsx';
import { statusWords } from './parts/status.tsx';
import { VirtualList } from './parts/virtual-list.tsx';
import { useStore } from './store.ts';
import { usePages } from './use-pages.ts';

const ROW_HEIGHT = 60;
const PAGE_SIZE = 50;
const keyOf = ({ cursor }: HistoryRowFragment) => cursor;
const connectionOf = (data: HistoryQuery) => data.shareAttachmentHistory;

function row({ type, at, reasonRaw, requestId, attachment }: HistoryRowFragment) {
  const { server, share, serverId, shareId } = attachment;
  return (
    <div className="row">
      <span className="row-text">
        <span className="row-title">
          <strong>{statusWords(type)}</strong>
          <span>
            {share?.name ?? shareId} on {server?.name ?? serverId}
          </span>
        </span>
        <span className="row-more quiet" title={requestId ? `Request ${requestId}` : undefined}>
          <time dateTime={at}>{new Date(at).toLocaleString()}</time>
          {reasonRaw ? statusWords(reasonRaw) : 'by request'}
        </span>
      </span>
    </div>
  );
}

/** What happened, newest first: the events that arrived, and before them the history that the event log has. */
export function Timeline() {
  const { live } = useConsole();
  const events = useStore(live.state, (state) => state.events);
  const generation = useStore(live.state, (state) => state.generation);
  const list = usePages({ document: HistoryDocument, filter: null, pageSize: PAGE_SIZE, generation, connectionOf });
  const rows = useMemo(
    () => [...new Map([...events, ...list.nodes].map((event) => [event.cursor, event])).values()],
    [events, list.nodes],
  );
  return (
    <>
      <PanelErrors error={list.error} isBusy={list.isLoading} onRetry={list.reload} />
      <VirtualList
        label="Timeline"
        items={rows}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        row={row}
        total={list.hasMore ? -1 : rows.length}
        onEnd={list.loadMore}
      />
      <ListFooter list={{ ...list, nodes: rows }} noun="event" isFiltered={false} />
    </>
  );
}
