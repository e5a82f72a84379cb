package lambda

import (
	"slices"
	"strings"
)

// basePaths are the base paths of each custom domain name, "/orders/v1", the
// longest first.
type basePaths map[string][]string

func newBasePaths(given map[string][]string) basePaths {
	if len(given) == 0 {
		return nil
	}
	all := make(basePaths, len(given))
	for name, bases := range given {
		name = strings.ToLower(name)
		for _, base := range bases {
			if base = strings.Trim(base, "/"); base != "" {
				all[name] = append(all[name], "/"+base)
			}
		}
		slices.SortFunc(all[name], func(a, b string) int { return len(b) - len(a) })
	}
	return all
}

// cut cuts the longest base path that fits off the path of an event, if the
// event came through the custom domain name that has it, and its front door
// leaves base paths in.
func (all basePaths) cut(e *event, path string) string {
	switch e.door.(type) {
	case rest, http1:
	default:
		return path
	}
	for _, base := range all[strings.ToLower(e.text(e.ctx.domain))] {
		if path == base || strings.HasPrefix(path, base+"/") {
			return cutSegments(path, base)
		}
	}
	return path
}
