/** The two links of each Manila object. */
export function linksOf(origin: string, path: string) {
  return [
    { rel: 'self', href: `${origin}/share/v2/${path}` },
    { rel: 'bookmark', href: `${origin}/share/${path}` },
  ];
}
