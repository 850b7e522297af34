import { memo, useMemo } from 'react';
import { AttachmentDetails } from './attachment-details.tsx';
import { useConsole } from './context.ts';
import {
  type AttachmentRowFragment,
  AttachmentsDocument,
  type AttachmentsQuery,
  type ShareAttachmentFilter,
} from './gql/graphql.ts';
import { ListFooter } from './parts/list-footer.tsx';
import { PanelErrors } from './parts/panel-errors.tsx';
import { Status } from './parts/status.tsx';
import { VirtualList } from './parts/virtual-list.tsx';
import { useStore } from './store.ts';
import { usePages } from './use-pages.ts';

const PAGE_SIZE = 200;
const ROW_HEIGHT = 56;

const connectionOf = (data: AttachmentsQuery) => data.shareAttachments;
const keyOf = ({ id }: AttachmentRowFragment) => id;

const AttachmentRow = memo(function AttachmentRow({ attachment }: { attachment: AttachmentRowFragment }) {
  const { selection } = useConsole();
  const { serverId, shareId, server, share, status, mountPoint, accessLevel } = attachment;
  const isSelected = useStore(
    selection,
    ({ attachment: shown }) => shown?.serverId === serverId && shown.shareId === shareId,
  );
  return (
    <button
      type="button"
      className={`row${isSelected ? ' selected' : ''}`}
      aria-expanded={isSelected}
      onClick={() => selection.update({ attachment: isSelected ? null : { serverId, shareId } })}
    >
      <span className="row-text">
        <span className="row-title">
          <strong>{share?.name ?? shareId}</strong>
          <span className="quiet">on</span>
          <strong>{server?.name ?? serverId}</strong>
          <span className="end">
            <Status status={status} />
          </span>
        </span>
        <span className="row-more quiet">
          {mountPoint ?? 'no mount point'} · {accessLevel === 'READ_ONLY' ? 'read only' : 'read and write'}
          {attachment.via === 'VIRTIOFS' && ' · virtiofs'}
        </span>
      </span>
    </button>
  );
});

const row = (attachment: AttachmentRowFragment) => <AttachmentRow attachment={attachment} />;

/** The filter of a selection: what hangs on the one selected server, on the one selected share, or on both. */
function useSelectedFilter(): { filter: ShareAttachmentFilter | null; label: string } {
  const { selection } = useConsole();
  const servers = useStore(selection, (state) => state.servers);
  const shares = useStore(selection, (state) => state.shares);
  return useMemo(() => {
    const [server, anotherServer] = servers;
    const [share, anotherShare] = shares;
    const filter = {
      ...(server && !anotherServer && { serverId: server[0] }),
      ...(share && !anotherShare && { shareId: share[0] }),
    };
    const names = [filter.serverId && server?.[1], filter.shareId && share?.[1]].filter(Boolean);
    return names.length > 0 ? { filter, label: `Of ${names.join(' and ')}` } : { filter: null, label: '' };
  }, [servers, shares]);
}

/** The project's attachments, or those of what is selected, and the details of one. */
export function Attachments() {
  const { live, selection } = useConsole();
  const generation = useStore(live.state, (state) => state.generation);
  const { filter, label } = useSelectedFilter();
  const list = usePages({ document: AttachmentsDocument, filter, pageSize: PAGE_SIZE, generation, connectionOf });
  const shown = useStore(selection, (state) => state.attachment);
  return (
    <>
      {label && <p className="note">{label}</p>}
      <PanelErrors error={list.error} isBusy={list.isLoading} onRetry={list.reload} />
      <VirtualList
        label="Attachments"
        items={list.nodes}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        row={row}
        total={list.hasMore ? (list.totalCount ?? -1) : list.nodes.length}
        onEnd={list.loadMore}
      />
      <ListFooter list={list} noun="attachment" isFiltered={filter !== null} />
      {shown && <AttachmentDetails key={`${shown.serverId}:${shown.shareId}`} {...shown} />}
    </>
  );
}
