package lambda

// rotations are the steps by which AWS Secrets Manager rotates a secret, which it asks for
// one by one and waits. A step that failed is an error of the rotation.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
var rotations = &recordService{
	name: "secretsmanager", fails: failsEvent, json: true, alone: true, read: (*event).readRotation,
}

// readRotation reads a step, which is the data as it is.
func (e *event) readRotation(s *scanner, r *delivery) error {
	s.value()
	r.record.Source = e.text(e.secret)
	r.record.ID = e.text(e.token) + "." + e.text(e.step)
	return nil
}
