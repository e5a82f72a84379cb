package lambda

import (
	"context"
	"errors"
	"strings"
	"time"
)

// triggers are what user pools ask. A trigger that failed is an error that the user
// reads.
var triggers = &recordService{
	name: "cognito", fails: failsEvent, json: true, alone: true, asks: true, within: triggerTime, read: (*event).readTrigger,
	answer: func(_ context.Context, b *batch) ([]byte, error) { return b.asked() },
}

// triggerTime is how long a user pool waits.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
const triggerTime = 5 * time.Second

// readTrigger reads what a user pool asks, which is the data as it is.
func (e *event) readTrigger(s *scanner, r *delivery) error {
	s.value()
	source := e.text(e.trigger)
	r.happened, _, _ = strings.Cut(source, "_")
	r.record.Source = e.text(e.pool)
	return nil
}

// answered takes the answer of the handler, which is a JSON object, and with members
// where it is put behind others.
func (r *delivery) answered(body []byte) error {
	s := scanner{text: string(body)}
	if s.peek() == '{' {
		from, members := s.pos, 0
		for ok := s.open('{'); ok; ok = s.more('{') {
			s.key()
			s.value()
			members++
		}
		to := s.pos
		if s.end() == nil && (members > 0 || r.record.Service == triggers.name) {
			r.answer = body[from:to]
			return nil
		}
	}
	return errors.New("the handler left no answer, which is a JSON object; let tier.On make it")
}

// asked is the event with the answer in the place of its response, and all else as it
// came: Cognito takes nothing less.
func (b *batch) asked() ([]byte, error) {
	if len(b.results) != 1 {
		return nil, errors.New("lambda: the event of the user pool has no answer")
	}
	text, answer := b.e.payload, b.results[0].answer
	s := scanner{text: text}
	var response span
	members := 0
	for ok := s.open('{'); ok; ok = s.more('{') {
		members++
		if s.key() == "response" { // the last of several counts
			response = s.value()
		} else {
			s.value()
		}
	}
	if err := s.end(); err != nil {
		return nil, notJSON(err)
	}
	if response.to > 0 {
		return join(text[:response.from], string(answer), text[response.to:]), nil
	}
	// What has a trigger source has members.
	last := strings.LastIndexByte(text, '}')
	return join(text[:last], `,"response":`, string(answer), text[last:]), nil
}

func join(parts ...string) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	out := make([]byte, 0, size)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
