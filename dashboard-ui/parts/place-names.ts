// What runs are called where several are shown together: the part of their places that tells them apart. Not how many of
// them are one setting.

/** Places without the folders that all are in; of equal ones the later have a number. */
export function placeNames(places: readonly string[]): string[] {
  const parts = places.map((place) => place.split("/"));
  const folders = parts[0]?.slice(0, -1) ?? [];
  const isShared = (folder: string, i: number): boolean =>
    parts.every((own) => own.length > i + 1 && own[i] === folder);
  const ends = folders.findIndex((folder, i) => !isShared(folder, i));
  const shared = ends === -1 ? folders.length : ends;
  const names = parts.map((own) => own.slice(shared).join("/"));
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
