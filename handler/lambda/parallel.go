package lambda

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// parallel is how many records of an event of a source are worked off at the same
// time.
func (b *batch) parallel(head *source) int {
	if head == nil || b.service.fails == failsEvent && !b.service.lists {
		return 1
	}
	return head.Parallel
}

// head is the source of the first record, and so of the event. It is nil if there is
// none, or none of the sources has anything to say about it.
func (b *batch) head() *source {
	says := func(s source) bool { return s.Parallel > 1 || s.Items }
	if b.service.alone || !slices.ContainsFunc(b.sources, says) {
		return nil
	}
	s := scanner{text: b.e.payload, pos: int(b.e.records.from)}
	if b.service.lists {
		s = b.e.kafka.records.over(b.e.payload)
		for ok := s.open('{'); ok; ok = s.more('{') {
			if s.key(); s.peek() == '[' {
				break
			}
			s.value()
		}
	}
	if !s.open('[') {
		return nil
	}
	r, _ := b.read(&s)
	return r.source
}

// plan is the records of an event in an order that many can work off: those of one
// group one after the other.
type plan struct {
	units []unit

	mu     sync.Mutex
	cursor int // the first unit that nobody has taken or left to another
	done   int
}

// unit is a record, or a part of an aggregated one.
type unit struct {
	raw    span
	index  int     // of the record in the event
	part   int     // of the shared record
	shared *shared // nil for a whole record
	before int32   // the unit before it in its group, -1 for none
	behind int32   // the unit behind it in its group, -1 for none
	done   bool
}

// shared is an aggregated record while its parts are worked off.
type shared struct {
	mu     sync.Mutex
	record *delivery // nil while none is
	left   int
}

// plan reads all records once, and keeps of each only where it is and what comes
// behind it.
func (b *batch) plan() (*plan, error) {
	p := &plan{}
	last := map[string]int32{} // unit of a group
	err := b.each(func(i int, raw span, r *delivery, err error) bool {
		ordered := r.source != nil && b.ordered(r)
		if r.parts == nil || err != nil {
			p.add(unit{raw: raw, index: i}, r.record.Group, ordered, last)
			return true
		}
		of := &shared{left: len(r.parts.records)}
		for n, part := range r.parts.records {
			p.add(unit{raw: raw, index: i, part: n, shared: of}, strings.Clone(part.key), ordered, last)
		}
		return true
	})
	return p, err
}

func (p *plan) add(u unit, group string, ordered bool, last map[string]int32) {
	own := int32(len(p.units))
	u.before, u.behind = -1, -1
	if group != "" || ordered {
		if before, ok := last[group]; ok {
			u.before = before
			p.units[before].behind = own
		}
		last[group] = own
	}
	p.units = append(p.units, u)
}

// take is the next unit for somebody who has worked off one, or -1 for none, and -1
// if there is none. Whoever worked off the unit before another one of its group goes
// on with that if its turn has passed.
func (p *plan) take(worked int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if worked >= 0 {
		u := &p.units[worked]
		u.done = true
		p.done++
		if behind := int(u.behind); behind >= 0 && behind < p.cursor {
			return behind
		}
	}
	for p.cursor < len(p.units) {
		next := p.cursor
		p.cursor++
		if before := p.units[next].before; before < 0 || p.units[before].done {
			return next
		}
	}
	return -1
}

// atOnce works off n records at the same time.
func (b *batch) atOnce(ctx context.Context, n int) error {
	p, err := b.plan()
	if err != nil {
		return err
	}
	var workers sync.WaitGroup
	for range min(n, len(p.units)) {
		workers.Go(func() {
			for next := p.take(-1); next >= 0; next = p.take(next) {
				b.workUnit(ctx, &p.units[next])
			}
		})
	}
	workers.Wait()
	if p.done < len(p.units) {
		return errors.New("lambda: a handler of records ended its goroutine, so that nobody knows what became of the record")
	}
	return nil
}

// workUnit reads a unit again and works it off.
func (b *batch) workUnit(ctx context.Context, u *unit) {
	if u.shared == nil {
		s := u.raw.over(b.e.payload)
		r, err := b.read(&s)
		b.work(ctx, u.index, r, err)
		return
	}
	r := u.shared.take(func() *delivery {
		s := u.raw.over(b.e.payload)
		r, _ := b.read(&s) // as it was read before
		return r
	})
	b.work(ctx, u.index, r.part(u.part), nil)
	u.shared.leave()
}

// take is the record, which the first who asks reads.
func (s *shared) take(read func() *delivery) *delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.record == nil {
		s.record = read()
	}
	return s.record
}

// leave lets go of the record with its last part.
func (s *shared) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left == 0 {
		s.record = nil
	}
}
