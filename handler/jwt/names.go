package jwt

import "slices"

// names are those of one object that is open: the last ones of its scanner, which
// are compared with each other, until there is no more place. Then they are hashed,
// because whoever makes a header up could make it long.
type names struct {
	scanner *scanner
	from    int
	hashed  map[string]struct{}
}

// add reports whether the object has no such name yet.
func (n *names) add(name string) bool {
	s := n.scanner
	if n.hashed == nil {
		known := s.names[n.from:s.known]
		if slices.Contains(known, name) {
			return false
		}
		if s.known < len(s.names) {
			s.names[s.known] = name
			s.known++
			return true
		}
		n.hashed = make(map[string]struct{}, 2*len(known)+1)
		for _, k := range known {
			n.hashed[k] = struct{}{}
		}
	}
	before := len(n.hashed)
	n.hashed[name] = struct{}{}
	return len(n.hashed) > before
}
