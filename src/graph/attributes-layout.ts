/**
 * Graphviz attributes that only say how to draw: accepted on anything, kept for printing, without effect on a run.
 * `label`, `class`, `shape`, `weight` are not among them: they mean something here.
 */
const LAYOUT_NAMES = `
  URL Damping K _background area arrowhead arrowsize arrowtail bb bgcolor beautify center charset cluster clusterrank
  color colorscheme comment compound concentrate constraint decorate defaultdist dim dimen dir diredgeconstraints
  distortion dpi edgeURL edgehref edgetarget edgetooltip epsilon esep fillcolor fixedsize fontcolor fontname fontnames
  fontpath fontsize forcelabels gradientangle group headURL head_lp headclip headhref headlabel headport headtarget
  headtooltip height href id image imagepath imagepos imagescale inputscale labelURL label_scheme labelangle
  labeldistance labelfloat labelfontcolor labelfontname labelfontsize labelhref labeljust labelloc labeltarget
  labeltooltip landscape layer layerlistsep layers layerselect layersep layout len levels levelsgap lhead lheight
  linelength lp ltail lwidth margin maxiter mclimit mindist minlen mode mosek newrank nodesep nojustify normalize
  notranslate nslimit nslimit1 oneblock ordering orientation outputorder overlap overlap_scaling overlap_shrink
  pack packmode pad page pagedir pencolor penwidth peripheries pin pos quadtree quantum radius rank rankdir ranksep
  ratio rects regular remincross repulsiveforce resolution root rotate rotation samehead sametail samplepoints
  searchsize sep shapefile showboxes sides size skew smoothing sortv splines style stylesheet svg tailURL tail_lp
  tailclip tailhref taillabel tailport tailtarget tailtooltip target tooltip truecolor vertices viewport voro_margin
  width xdotversion xlabel xlp z
`;

const LAYOUT: ReadonlySet<string> = new Set(LAYOUT_NAMES.trim().split(/\s+/));

export function isLayoutAttribute(name: string): boolean {
  return LAYOUT.has(name);
}
