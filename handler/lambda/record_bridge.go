package lambda

var (
	eventRules = &recordService{name: "events", fails: failsEvent, json: true, alone: true, read: (*event).readBridged}
	schedules  = &recordService{name: "scheduler", fails: failsEvent, alone: true, read: (*event).readScheduled}
)

// bridged is the service of an event that EventBridge delivered, nil if none of the
// sources is of it. A schedule says its name; one that is a rule of EventBridge, which
// this SDK does not make, is taken where no rule is.
func (e *event) bridged(all sources) *recordService {
	if all.has(schedules.name) && (e.is(e.schedule, '"') || !all.has(eventRules.name) && e.text(e.source) == "aws.events") {
		return schedules
	}
	rules, buckets := all.has(eventRules.name), all.has(s3Records.name)
	switch {
	case !e.is(e.detail, '{'):
		return nil
	case buckets && e.text(e.source) == "aws.s3" && (!rules || all.hasEvent(s3Records.name, e.text(e.detailType))):
		return s3EventBridge
	case rules && e.is(e.detailType, '"'):
		return eventRules
	}
	return nil
}

// readBridged reads an event of a bus, which is the data as it is.
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func (e *event) readBridged(s *scanner, r *delivery) error {
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "id":
			r.record.ID = e.text(s.value())
		case "source":
			r.record.Source = e.text(s.value())
		case "detail-type":
			r.happened = e.text(s.value())
		case "time":
			r.record.SentAt = e.instant(s.value())
		default:
			s.value()
		}
	}
	return nil
}

// readScheduled reads what a schedule sends, whose detail is the data.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func (e *event) readScheduled(s *scanner, r *delivery) error {
	var resources, detail span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "schedule":
			r.named = e.text(s.value())
		case "id":
			r.record.ID = e.text(s.value())
		case "time":
			r.record.SentAt = e.instant(s.value())
		case "resources":
			resources = s.value()
		case "detail":
			detail = s.value()
		default:
			s.value()
		}
	}
	for v := range e.elements(resources) {
		r.record.Source = e.text(v)
		break
	}
	r.record.Data = []byte(e.payload[detail.from:detail.to])
	return nil
}
