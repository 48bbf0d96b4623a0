// Whether the page is as narrow as a phone: for what the style sheet cannot know, such as the height of a virtual row.

import { useEffect, useState } from "preact/hooks";

const NARROW = "(width <= 40rem)";

export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const update = (): void => setNarrow(media.matches);
    media.addEventListener("change", update);
    return () => media.removeEventListener("change", update);
  }, []);
  return isNarrow;
}
