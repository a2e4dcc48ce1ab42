import { useEffect, useState } from "react";

/** A value once it has not changed for a while. Undefined is taken at once. */
export function useSettled<T>(value: T, ms: number): T | undefined {
  const [settled, setSettled] = useState<T | undefined>(value);
  useEffect(() => {
    if (value === undefined) {
      setSettled(undefined);
      return undefined;
    }
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value === undefined ? undefined : settled;
}
