import { useState } from 'react';
import { Dialog } from '../shared/dialog.tsx';
import { ProjectChoice } from '../shared/project-choice.tsx';
import { listProjects, type UserProject } from '../shared/projects.ts';
import type { SessionState } from '../shared/session.ts';
import { useConsole } from './context.ts';

/** Whose project is shown, and the others to change to. */
export function ProjectMenu({ state }: { state: SessionState }) {
  const { session } = useConsole();
  const [projects, setProjects] = useState<readonly UserProject[] | null>(null);
  const { user, project, expiresAt } = state.viewer;
  const until = new Date(expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const others = projects?.filter(({ id }) => id !== project.id) ?? [];
  return (
    <span className="who">
      <span title={`The token expires at ${until}`}>
        {user.name} in project {project.name}
      </span>
      <button type="button" className="small" onClick={() => void listProjects(state.token).then(setProjects)}>
        Change
      </button>
      {projects && (
        <Dialog title="Change the project" onClose={() => setProjects(null)}>
          {others.length === 0 ? (
            <p>You have a role in no other project.</p>
          ) : (
            <ProjectChoice projects={others} onChoose={(id) => session.signInTo(state.token, id)} />
          )}
        </Dialog>
      )}
    </span>
  );
}
