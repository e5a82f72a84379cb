package handle

import "errors"

var errNilOption = errors.New("an option is nil; leave it out")

// Apply has apply take each of the options. One that is nil says nothing, and is a
// mistake of whoever gives it: the others are taken, and the answer is an error.
func Apply[O comparable](opts []O, apply func(O)) (err error) {
	var none O
	for _, o := range opts {
		if o == none {
			err = errNilOption
			continue
		}
		apply(o)
	}
	return err
}
