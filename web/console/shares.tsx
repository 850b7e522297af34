import { memo, useState } from 'react';
import { toggled, useConsole } from './context.ts';
import { type ShareFilter, type ShareRowFragment, SharesDocument, type SharesQuery } from './gql/graphql.ts';
import { Attached } from './parts/attached.tsx';
import { FilterBox } from './parts/filter-box.tsx';
import { ListFooter } from './parts/list-footer.tsx';
import { PanelErrors } from './parts/panel-errors.tsx';
import { Status } from './parts/status.tsx';
import { VirtualList } from './parts/virtual-list.tsx';
import { Quota } from './quota.tsx';
import { useStore } from './store.ts';
import { usePages } from './use-pages.ts';

const PAGE_SIZE = 50;
const ROW_HEIGHT = 68;
const STATUSES = ['AVAILABLE', 'CREATING', 'DELETING', 'ERROR', 'INACTIVE'] as const;

const connectionOf = (data: SharesQuery) => data.shares;
const keyOf = ({ id }: ShareRowFragment) => id;

const ShareRow = memo(function ShareRow({ share }: { share: ShareRowFragment }) {
  const { selection } = useConsole();
  const isSelected = useStore(selection, ({ shares }) => shares.has(share.id));
  const name = share.name || share.id;
  return (
    <label className={`row${isSelected ? ' selected' : ''}`}>
      <input
        type="checkbox"
        checked={isSelected}
        onChange={() => selection.update({ shares: toggled(selection.get().shares, share.id, name) })}
      />
      <span className="row-text">
        <span className="row-title">
          <strong>{name}</strong> <Status status={share.status} />
          <span className="quiet end">
            {share.protocol} · {share.sizeGib === null ? 'size unknown' : `${share.sizeGib} GiB`}
          </span>
        </span>
        <span className="row-more">
          <Attached
            attachments={share.serversAttached}
            nameOf={({ server, serverId }) => server?.name ?? serverId}
            none="Attached to no server"
          />
        </span>
      </span>
    </label>
  );
});

const row = (share: ShareRowFragment) => <ShareRow share={share} />;

/** The project's shares, with the servers that each is attached to. */
export function Shares() {
  const { live } = useConsole();
  const generation = useStore(live.state, (state) => state.generation);
  const [filter, setFilter] = useState<ShareFilter | null>(null);
  const list = usePages({ document: SharesDocument, filter, pageSize: PAGE_SIZE, generation, connectionOf });
  return (
    <section className="panel" aria-labelledby="shares-title">
      <header>
        <h2 id="shares-title">Shares</h2>
        <FilterBox
          label="shares"
          statuses={STATUSES}
          onFilter={({ name, status }) =>
            setFilter(name || status ? { ...(name && { name }), ...(status && { status: [status] }) } : null)
          }
        />
      </header>
      <Quota />
      <PanelErrors error={list.error} isBusy={list.isLoading} onRetry={list.reload} />
      <VirtualList
        label="Shares"
        items={list.nodes}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        row={row}
        total={list.hasMore ? -1 : list.nodes.length}
        onEnd={list.loadMore}
      />
      <ListFooter list={list} noun="share" isFiltered={filter !== null} />
    </section>
  );
}
