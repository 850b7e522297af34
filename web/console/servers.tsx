import { memo, useState } from 'react';
import { toggled, useConsole } from './context.ts';
import { type ServerFilter, type ServerRowFragment, ServersDocument, type ServersQuery } from './gql/graphql.ts';
import { Attached } from './parts/attached.tsx';
import { FilterBox } from './parts/filter-box.tsx';
import { ListFooter } from './parts/list-footer.tsx';
import { PanelErrors } from './parts/panel-errors.tsx';
import { Status } from './parts/status.tsx';
import { VirtualList } from './parts/virtual-list.tsx';
import { useStore } from './store.ts';
import { usePages } from './use-pages.ts';

const PAGE_SIZE = 50;
const ROW_HEIGHT = 68;
const STATUSES = ['ACTIVE', 'SHUTOFF', 'BUILD', 'ERROR', 'PAUSED', 'SUSPENDED', 'SHELVED_OFFLOADED'] as const;

const connectionOf = (data: ServersQuery) => data.servers;
const keyOf = ({ id }: ServerRowFragment) => id;

const ServerRow = memo(function ServerRow({ server }: { server: ServerRowFragment }) {
  const { selection } = useConsole();
  const isSelected = useStore(selection, ({ servers }) => servers.has(server.id));
  const name = server.name || server.id;
  const addresses = (server.addresses ?? []).map(({ address }) => address).join(', ');
  return (
    <label className={`row${isSelected ? ' selected' : ''}`}>
      <input
        type="checkbox"
        checked={isSelected}
        onChange={() => selection.update({ servers: toggled(selection.get().servers, server.id, name) })}
      />
      <span className="row-text">
        <span className="row-title">
          <strong>{name}</strong> <Status status={server.status} />
          <span className="quiet end" title={addresses}>
            {addresses}
          </span>
        </span>
        <span className="row-more">
          <Attached
            attachments={server.sharesAttached}
            nameOf={({ share, shareId }) => share?.name ?? shareId}
            none="No share attached"
          />
        </span>
      </span>
    </label>
  );
});

const row = (server: ServerRowFragment) => <ServerRow server={server} />;

/** The project's servers, with the shares attached to each. */
export function Servers() {
  const { live } = useConsole();
  const generation = useStore(live.state, (state) => state.generation);
  const [filter, setFilter] = useState<ServerFilter | null>(null);
  const list = usePages({ document: ServersDocument, filter, pageSize: PAGE_SIZE, generation, connectionOf });
  return (
    <section className="panel" aria-labelledby="servers-title">
      <header>
        <h2 id="servers-title">Servers</h2>
        <FilterBox
          label="servers"
          statuses={STATUSES}
          onFilter={({ name, status }) =>
            setFilter(name || status ? { ...(name && { name }), ...(status && { status: [status] }) } : null)
          }
        />
      </header>
      <PanelErrors error={list.error} isBusy={list.isLoading} onRetry={list.reload} />
      <VirtualList
        label="Servers"
        items={list.nodes}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        row={row}
        total={list.hasMore ? -1 : list.nodes.length}
        onEnd={list.loadMore}
      />
      <ListFooter list={list} noun="server" isFiltered={filter !== null} />
    </section>
  );
}
