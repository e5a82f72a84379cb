package evaluate

import "strings"

// resource is one value of Resource or NotResource.
type resource struct {
	whole pattern
	parts []pattern // arnParts of them, or nil
	// path is the resource of "execute-api:/stage/METHOD/path", which the policy
	// of an API may write for its own ARN.
	path bool
}

const ownAPI = "execute-api:/"

func newResource(p pattern, ownPath bool) resource {
	r := resource{whole: p, path: ownPath}
	if parts := p.split(arnParts); len(parts) == arnParts {
		r.parts = parts
	}
	return r
}

// match compares the resource of the request; known is false if a variable has
// no value.
func (r *resource) match(f *facts) (matched, known bool) {
	if r.path {
		return r.matchPath(f)
	}
	if r.parts == nil {
		return r.whole.match(f.resource, f)
	}
	if f.resourceParts == nil {
		return false, true
	}
	for i := range r.parts {
		if matched, known = r.parts[i].match(f.resourceParts[i], f); !matched {
			return false, known
		}
	}
	return true, true
}

// matchPath compares what follows the id of the API.
func (r *resource) matchPath(f *facts) (matched, known bool) {
	path := ""
	if f.resourceParts != nil && f.resourceParts[2] == "execute-api" {
		if i := strings.IndexByte(f.resourceParts[5], '/'); i >= 0 {
			path = ownAPI + f.resourceParts[5][i+1:]
		}
	}
	return r.whole.match(path, f)
}
