// How high a row of a long list is: on a phone its cells stand in two lines. The style sheet cannot tell it to the list.

import { useEffect, useState } from "preact/hooks";

const PHONE = "(width <= 40rem)";
const ROW_PIXELS = 32;
const PHONE_ROW_PIXELS = 58;

export function useRowPixels(): number {
  const [isPhone, setPhone] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const media = matchMedia(PHONE);
    const update = (): void => setPhone(media.matches);
    media.addEventListener("change", update);
    return () => media.removeEventListener("change", update);
  }, []);
  return isPhone ? PHONE_ROW_PIXELS : ROW_PIXELS;
}
