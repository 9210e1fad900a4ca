"""Annotate: read a question and two answers, say which is better, and nothing else."""

from pages.shared import annotating, annotator_sign_in, front_door

front_door.through_app()
annotating.look()
annotator = annotator_sign_in.signed_in()
study = annotating.study_of(annotator)
annotating.introduction(annotator, study)
annotating.explain_practice()
annotating.task(annotator, study)
