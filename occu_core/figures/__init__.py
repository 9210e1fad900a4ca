"""What is known as plotly figures, each with the same in words: report in, figure out."""

from occu_core.figures.abilities import abilities as abilities
from occu_core.figures.drawing import Chart as Chart
from occu_core.figures.drawing import percent as percent
from occu_core.figures.how_sure import coverage_figure as coverage_figure
from occu_core.figures.how_sure import track_record_figure as track_record_figure
from occu_core.figures.predictions import caption_lines as caption_lines
from occu_core.figures.predictions import four_parts as four_parts
from occu_core.figures.predictions import past_steps as past_steps
from occu_core.figures.predictions import top_groups as top_groups
from occu_core.figures.predictions import top_occupations as top_occupations
from occu_core.figures.reports import differences as differences
from occu_core.figures.reports import experiment as experiment
from occu_core.figures.reports import leaderboard as leaderboard
from occu_core.figures.reports import memberships as memberships
from occu_core.figures.reports import reliability as reliability
from occu_core.figures.reports import subgroups as subgroups
from occu_core.figures.why import record_influences as record_influences
