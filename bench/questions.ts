/** In a worker: answers questions, and says that it is ready. */
export function answerQuestions(answers: Record<string, (question: never) => unknown>): void {
  process.on('message', async (question: { id: number; ask: string }) => {
    const answer = answers[question.ask];
    if (!answer) return;
    process.send?.({ id: question.id, answer: await answer(question as never) });
  });
}
