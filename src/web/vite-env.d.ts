/** What the build provides beside files: the statecharts, read from the machines. */
declare module "virtual:statecharts" {
  interface ChartTransition {
    readonly trigger: { readonly kind: "on"; readonly event: string } | { readonly kind: "always" | "done" };
    readonly guard?: string;
    readonly targets: readonly string[];
    readonly actions: readonly string[];
  }
  export interface ChartState {
    readonly key: string;
    readonly id: string;
    readonly kind: "atomic" | "compound" | "parallel" | "final" | "history";
    readonly description?: string;
    readonly transitions: readonly ChartTransition[];
    readonly children: readonly ChartState[];
  }
  export const charts: readonly {
    readonly name: string;
    readonly chart: { readonly id: string; readonly root: ChartState };
  }[];
}
