package jwt

import "slices"

// names are those of one object that is open: the last ones of its scanner, which
// are compared with each other, until there is no more place. Then they are hashed,
// because whoever makes a header up could make it long.
type names struct {
	scanner *scanner
	from    int
	seen    uint64 // what the names look like that are there
	hashed  map[string]struct{}
}

// add reports whether the object has no such name yet.
func (n *names) add(name string) bool {
	s := n.scanner
	if n.hashed == nil {
		known, as := s.names[n.from:s.known], look(name)
		if n.seen&as != 0 && slices.Contains(known, name) {
			return false
		}
		n.seen |= as
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

// look is one bit of 64, the same one for equal names.
func look(name string) uint64 {
	n := len(name)
	if n == 0 {
		return 1
	}
	return 1 << ((n + int(name[0]) + 5*int(name[n-1])) % 64)
}
