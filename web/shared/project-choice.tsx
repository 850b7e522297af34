import { useState } from 'react';
import { ErrorNote } from './error-note.tsx';
import type { ApiError } from './post.ts';
import type { UserProject } from './projects.ts';

interface ProjectChoiceProps {
  readonly projects: readonly UserProject[];
  readonly onChoose: (projectId: string) => Promise<ApiError | null>;
}

/** The projects of a user, to choose one. */
export function ProjectChoice({ projects, onChoose }: ProjectChoiceProps) {
  const [error, setError] = useState<ApiError | null>(null);
  return (
    <div className="sign-in">
      <p>Choose a project:</p>
      <ul className="projects">
        {projects.map(({ id, name }) => (
          <li key={id}>
            <button type="button" onClick={() => void onChoose(id).then(setError)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
      {error && <ErrorNote error={error} />}
    </div>
  );
}
